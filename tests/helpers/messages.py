"""What does an error say?"""

from collections.abc import Callable

import pytest


def message_of(error: type[Exception], call: Callable[[], object]) -> str:
    """Returns the message of the error that a call raises, which is of this type."""
    with pytest.raises(error) as caught:
        call()
    return str(caught.value)
