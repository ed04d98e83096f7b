#!/bin/sh
echo '{"_meta": {"hostvars": {"a": {"x": [1, {"y": null}], "t": "{{ x }}"}, "unlisted": {"z": 1}}}, "g": {"hosts": ["a", "b"]}, "all": {"children": ["g", "ungrouped", "none"], "vars": {"q": "é"}}, "empty": {}, "none": {"hosts": []}}'
