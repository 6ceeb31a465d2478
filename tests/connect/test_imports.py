"""What is asked over the API alone is opened without what SSH takes."""

import subprocess
import sys


def test_paramiko_is_read_where_ssh_is_wanted():
    asked = "import sys, hostcheck.connect.live; print('paramiko' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
