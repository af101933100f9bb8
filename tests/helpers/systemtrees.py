"""Folders that say of machines what Linux's files say of them, laid out as on real ones."""

from collections.abc import Mapping
from pathlib import Path

_CPU = "sys/devices/system/cpu"


def _cores(count: int, *lines: str) -> str:
    return "\n\n".join("\n".join((f"processor\t: {core}", *lines)) for core in range(count)) + "\n"


def _policy(number: int, governor: str, driver: str, low: int, high: int) -> dict[str, str]:
    texts = {"governor": governor, "driver": driver, "min_freq": low, "max_freq": high}
    return {f"{_CPU}/cpufreq/policy{number}/scaling_{name}": f"{text}\n" for name, text in texts.items()}


def _stat(*rows: str) -> str:
    return "cpu  0 0 0 0 0 0 0 0 0 0\n" + "\n".join(rows) + "\nintr 1234 0 9\nctxt 99\n"


_PI_LINES = ("BogoMIPS\t: 108.00", "CPU implementer\t: 0x41", "CPU architecture: 8", "CPU variant\t: 0x0")
PI_4 = {
    "proc/cpuinfo": _cores(
        4, *_PI_LINES, "Features\t: fp asimd evtstrm crc32 cpuid", "CPU part\t: 0xd08", "CPU revision\t: 3"
    )
    + "\nRevision\t: c03114\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n",
    "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
    f"{_CPU}/cpu0/cpufreq/scaling_governor": "ondemand\n",
    f"{_CPU}/cpu0/cpufreq/scaling_cur_freq": "1500000\n",
    f"{_CPU}/cpu0/cpufreq/scaling_max_freq": "1800000\n",
    **{f"{_CPU}/cpu{core}/topology/thread_siblings_list": f"{core}\n" for core in range(4)},
    **_policy(0, "ondemand", "cpufreq-dt", 600000, 1800000),
    "proc/stat": _stat(*(f"cpu{core} 100 0 50 900 5 0 10 0 0 0" for core in range(4))),
    "sys/devices/platform/soc/soc:firmware/get_throttled": "50005\n",
    "sys/class/thermal/thermal_zone0/temp": "61835\n",
}
PI_5 = PI_4 | {
    "proc/cpuinfo": _cores(
        4,
        *_PI_LINES,
        "Features\t: fp asimd evtstrm aes pmull crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp",
        "CPU part\t: 0xd0b",
    ),
    "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
}
BIG_LITTLE = {
    "proc/cpuinfo": "processor\t: 0\nFeatures\t: fp asimd asimddp\nCPU part\t: 0xd05\n\n"
    "processor\t: 1\nFeatures\t: fp asimd asimddp\nCPU part\t: 0xd0b\n",
    "proc/device-tree/model": "Radxa ROCK 5B\0",
    **_policy(0, "schedutil", "cpufreq-dt", 408000, 1800000),
    **_policy(1, "schedutil", "cpufreq-dt", 408000, 2400000),
}
LAPTOP = {
    "proc/cpuinfo": _cores(
        4,
        "vendor_id\t: GenuineIntel",
        "model\t\t: 154",
        "model name\t: 12th Gen Intel(R) Core(TM) i7-1260P",
        "flags\t\t: fpu sse sse2 fma avx avx2 avx_vnni sha_ni",
    ),
    "sys/class/dmi/id/product_name": "ThinkPad X1 Carbon Gen 10\n",
    "sys/class/dmi/id/sys_vendor": "LENOVO\n",
    **{f"{_CPU}/cpu{core}/topology/thread_siblings_list": f"{core // 2 * 2}-{core // 2 * 2 + 1}" for core in range(4)},
    **{f"{_CPU}/cpu{core}/cpufreq/scaling_cur_freq": "2350000" for core in range(4)},
    **{f"{_CPU}/cpu{core}/cpufreq/scaling_max_freq": "4700000" for core in range(4)},
    f"{_CPU}/cpu0/cpufreq/scaling_governor": "performance\n",
    **{
        f"{_CPU}/cpu{core}/thermal_throttle/{part}_throttle_count": "7"
        for core in range(4)
        for part in ("core", "package")
    },
    **{
        key: text
        for core in range(4)
        for key, text in _policy(core, "performance", "intel_pstate", 400000, 4700000).items()
    },
    f"{_CPU}/intel_pstate/no_turbo": "0\n",
    "sys/class/thermal/thermal_zone0/temp": "27800",
    "sys/class/thermal/thermal_zone1/temp": "71000",
}
VM = {
    "proc/cpuinfo": _cores(
        2,
        "vendor_id\t: AuthenticAMD",
        "model\t\t: 17",
        "model name\t: AMD EPYC",
        "flags\t\t: fpu fma hypervisor avx2 avx512f avx512_bf16 avx512_vnni",
    ),
    "sys/class/dmi/id/sys_vendor": "QEMU",
    "sys/class/dmi/id/product_name": "Standard PC (Q35 + ICH9, 2009)",
    ".dockerenv": "",
    "sys/fs/cgroup/cpu.max": "150000 100000\n",
    "sys/fs/cgroup/cpu.stat": "usage_usec 9\nnr_periods 40\nnr_throttled 3\nthrottled_usec 81000\n",
    "proc/stat": _stat("cpu0 100 20 30 500 4 1 2 3 50 0", "cpu1 200 0 0 500 4 0 0 7 0 0"),
    "proc/loadavg": "0.71 0.58 0.49 2/389 3301\n",
    "proc/meminfo": "MemTotal:       24684084 kB\nMemFree:  99 kB\nMemAvailable:   24247328 kB\n",
    "proc/self/task/11/schedstat": "144665 1814162 3\n",
    "proc/self/task/12/schedstat": "10 5 1\n",
}


def a_system(root: Path, tree: Mapping[str, str]) -> Path:
    """Writes the files of a system below a folder, and returns that."""
    for path, text in tree.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root
