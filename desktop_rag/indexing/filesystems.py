"""Drives and network folders: which of them tell of changes, and where they are attached."""

from __future__ import annotations

import sys
from pathlib import Path

from msgspec import Struct

_NETWORK = frozenset(
    "9p afpfs afs beegfs ceph cifs coda davfs drvfs glusterfs gpfs lustre ncpfs nfs nfs4 ocfs2 orangefs prl_fs smb3"  # noqa: SIM905
    " smbfs vboxsf virtiofs vmhgfs webdav".split()
)
"""Shared with other computers, or with the host of a virtual one: what these change is not told here."""

_LOCAL_FUSE = frozenset(
    "bindfs cryfs encfs exfat exfat-fuse fuse-overlayfs gocryptfs mergerfs ntfs ntfs-3g securefs unionfs"  # noqa: SIM905
    " veracrypt".split()
)
"""File systems run by a program (FUSE) over a drive of this computer. All others are taken for clouds or networks."""

_DRIVE_REMOTE = 4
"""What Windows answers for a drive that is on the network."""


class Mount(Struct, frozen=True):
    """A file system and the folder it is attached at. ``kind`` as the system names it: ext4, nfs4, fuse.sshfs."""

    folder: Path
    kind: str
    device: str

    @property
    def silent(self) -> bool:
        """Whether files may change here without this computer being told."""
        name = self.kind.lower()
        if name.startswith("fuse."):
            return name.removeprefix("fuse.") not in _LOCAL_FUSE
        return name in _NETWORK or name == "fuse"


def mounts() -> tuple[Mount, ...]:
    """All file systems attached now, where that can be asked without waiting for a network: not on Windows."""
    if sys.platform == "win32":
        return ()
    import psutil

    return tuple(
        Mount(Path(part.mountpoint), part.fstype, part.device)
        for part in psutil.disk_partitions(all=True)
        if part.fstype != "autofs"  # stands where something will be attached once it is asked for
    )


def mount_of(path: Path, attached: tuple[Mount, ...]) -> Mount | None:
    """The file system that ``path``, without links in it, is on. Of several at one folder the last hides the others."""
    found: Mount | None = None
    for mount in attached:
        if path.is_relative_to(mount.folder) and (found is None or len(mount.folder.parts) >= len(found.folder.parts)):
            found = mount
    if found is None and _is_remote(path):
        return Mount(Path(path.anchor), "smbfs", path.anchor)
    return found


def mounts_below(path: Path, attached: tuple[Mount, ...]) -> frozenset[Mount]:
    """The file systems attached somewhere below ``path``."""
    return frozenset(mount for mount in attached if mount.folder != path and mount.folder.is_relative_to(path))


def _is_remote(path: Path) -> bool:
    if sys.platform == "win32":
        import ctypes

        return bool(ctypes.windll.kernel32.GetDriveTypeW(path.anchor) == _DRIVE_REMOTE)
    return False
