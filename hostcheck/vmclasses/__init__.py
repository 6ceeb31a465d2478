"""VM classes of vSphere Kubernetes, judged against the hosts that would keep what they promise.

`read` reads a file of classes, `seen` keeps of each host what they are judged by, `judge` says what
holds on a cluster, `fit` how many VMs fit. No host is asked.
"""
