"""What every pytest run of this repository needs."""

pytest_plugins = ["pytester"]
