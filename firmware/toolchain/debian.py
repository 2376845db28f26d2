"""Downloads Debian packages, also of an older release, with an apt configuration of its own; installs nothing.

The mirror is the one that this machine's apt already uses, and packages are checked with Debian's own keyring.
"""

import os
import platform
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


class DebianError(Exception):
    """One sentence for people."""


def unpack(packages: Iterable[str], older: str, folder: Path) -> None:
    """Unpack packages ("name" or "name=version") of this machine's release and the older one below the folder."""
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise DebianError(f"there is no {program}: this needs Debian or one of its kin")
    if not KEYRING.exists():
        raise DebianError("Debian's keys are not here: install debian-archive-keyring")
    release = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    archives = folder / "archives"
    configuration = _configure(folder / "apt", _mirror(release), (release, older))
    archives.mkdir(parents=True)
    environment = os.environ | {"APT_CONFIG": str(configuration)}
    _apt(["update"], folder, environment, f"Debian's release {older} is not on the mirror that this machine's apt uses")
    _apt(["download", *packages], archives, environment, f"Debian's mirror has not all of {', '.join(packages)}")
    for archive in sorted(archives.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)
    shutil.rmtree(archives)
    shutil.rmtree(folder / "apt")


def _mirror(release: str) -> str:
    command = ["apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)", "Created-By: Packages"]
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        name, component, address = line.split(maxsplit=2)
        if (name, component) == (release, "main"):
            return address
    raise DebianError(f"this machine's apt has no source for the release {release or 'that it runs'}")


def _configure(folder: Path, mirror: str, releases: Iterable[str]) -> Path:
    for name in ("parts", "state", "lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    sources = "".join(f"deb [signed-by={KEYRING}] {mirror} {release} main\n" for release in releases)
    (folder / "sources.list").write_text(sources)
    settings = {
        "Dir::Etc::sourcelist": folder / "sources.list",
        "Dir::Etc::sourceparts": folder / "parts",
        "Dir::State": folder / "state",
        "Dir::State::lists": folder / "lists",
        "Dir::State::status": "/var/lib/dpkg/status",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "",
        "APT::Update::Error-Mode": "any",
        "Acquire::Languages": "none",
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
    }
    file = folder / "apt.conf"
    file.write_text("".join(f'{key} "{value}";\n' for key, value in settings.items()))
    return file


def _apt(arguments: list[str], folder: Path, environment: dict[str, str], otherwise: str) -> None:
    result = subprocess.run(["apt-get", "-q", *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    if result.returncode:
        reasons = [line for line in result.stderr.splitlines() if line.startswith("E:")]
        raise DebianError(f"{otherwise} ({reasons[-1] if reasons else f'apt-get says {result.returncode}'})")
