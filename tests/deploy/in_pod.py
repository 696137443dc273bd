"""`python -m tests.deploy.in_pod`: a portal that finds its service account where the kubelet puts it.

POD_ACCOUNT is the folder that is mounted there, in a mount namespace of this process's own: whoever writes
into it, as the kubelet does when it renews the token, is seen inside. Ends with 1 where it may not mount.
"""

import os
import sys

_MOUNT = """
mount -t tmpfs tmpfs /run &&
mkdir -p /run/secrets/kubernetes.io/serviceaccount &&
mount --bind "$POD_ACCOUNT" /run/secrets/kubernetes.io/serviceaccount &&
exec "$0" -m k8sportal.run
"""

if __name__ == "__main__":
    os.execvp("unshare", ["unshare", "--mount", "sh", "-c", _MOUNT, sys.executable])
