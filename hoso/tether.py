"""Runs a command that dies with its parent: `python -I -S tether.py PARENT SIGNAL COMMAND...`, started by `hoso.child`.

A script of its own, and not `preexec_fn`: forking a process of many threads to run Python in the child can deadlock.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Become the command, after asking the kernel for this signal at the parent's death."""
    parent, signal, *command = sys.argv[1:]
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal))
    # A parent that died before the request would never be noticed.
    if os.getppid() != int(parent):
        sys.exit(f"{command[0]}: the process that started it is gone")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
