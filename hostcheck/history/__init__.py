"""The history of a fleet in a database: what changed, when, and what was never known.

run --- write ---> hostcheck_run     a row a run, with the bits of the hosts that it judged
                   hostcheck_host    a row a host, with a digest of what was last said of it
                   hostcheck_track   a row a finding: what it is now, and since when
                   hostcheck_change  a row a change: nothing is written of what stays as it is
"""
