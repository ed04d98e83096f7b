#!/bin/bash
# Records all data sets anew that tests hold us to: what ansible-core 2.19 makes of the same inputs.
#
#     Tests/Oracle/record.sh            everything
#     Tests/Oracle/record.sh jinja ...  some: configuration inventory jinja listings names playbooks vault yaml
#
# The real thing comes from a scratch environment of Python that is made for the occasion and removed afterwards, or
# from the one that SWIFTPROV_ORACLE names (a folder with bin/python). A recording on the same versions gives the same
# data: `git diff` shows what a newer version does otherwise.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

oracle=${SWIFTPROV_ORACLE:-}
if [ -z "$oracle" ]; then
    oracle=$(mktemp -d)
    trap 'rm -rf "$oracle"' EXIT
    echo "making a scratch environment in $oracle"
    python3 -m venv "$oracle"
    # ansible 12 is ansible-core 2.19 with the collections of its day; passlib 1.7.4 is the last one; the others are
    # what filters of the collections stand on.
    "$oracle/bin/pip" install --quiet 'ansible==12.*' 'ansible-core==2.19.*' 'passlib==1.7.4' jmespath netaddr fqdn
fi
python=$oracle/bin/python
[ -x "$python" ] || { echo "there is no $python" >&2; exit 2; }
# What is recorded must not depend on who records, or where.
export PYTHONDONTWRITEBYTECODE=1 LC_ALL=C.UTF-8 PYTHONWARNINGS=ignore
unset ANSIBLE_CONFIG

sets=("$@")
[ ${#sets[@]} -gt 0 ] || sets=(configuration inventory jinja listings names playbooks vault yaml)
for set in "${sets[@]}"; do
    echo "== $set"
    case $set in
        configuration | inventory | listings | names | playbooks | vault | yaml) "$python" "Tests/Oracle/record_$set.py" ;;
        jinja) "$python" Tests/Oracle/jinja.py Tests/JinjaTests/Cases/*.in.json ;;
        *) echo "no data set '$set'" >&2; exit 2 ;;
    esac
done
