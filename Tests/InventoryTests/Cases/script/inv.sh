#!/bin/sh
cat <<'J'
{"_meta": {"hostvars": {"s1": {"v": 1, "t": "{{ v }}"}, "s3": {"l": [1, 2.5, null]}}},
 "web": {"hosts": ["s1", "s2"], "vars": {"g": true}, "children": ["db"]},
 "db": {"hosts": ["s3"]},
 "empty": {"hosts": []}}
J
