#!/bin/sh
# shellcheck disable=SC2154
# run.sh converge INVENTORY, or reset: runs inside a unit of its own, so that a lost connection does not end it. It writes its
# exit status to a file. Its environment is what deploy.sh gave the unit: HOME, PATH and LC_ALL.
# shellcheck source=paths.sh
. "$(dirname "$0")/paths.sh"
# shellcheck source=/dev/null
. "$here/packages.sh"

trap 'printf "%s\n" "$?" >"$state/status.new"; mv -f "$state/status.new" "$state/status"' EXIT
trap 'exit 143' HUP INT PIPE TERM # dash skips the EXIT trap when a signal ends it

# Prints the path of a Python that the playbooks' ansible-core supports: 3.11 to 3.13.
find_python() {
    for python in python3.13 python3.12 python3.11; do
        if command -v "$python" >/dev/null && "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            command -v "$python"
            return 0
        fi
    done
    return 1
}

ensure_python() {
    find_python && return 0
    if command -v dnf >/dev/null; then
        install_packages python3.12 >&2
    else
        install_packages python3-venv >&2
    fi
    find_python || die "no Python 3.11, 3.12 or 3.13 with venv on this deployer: install one, or choose another kubernetes.deployer"
}

# fetch SECONDS COMMAND...: runs a command that downloads, by the proxy that is declared for Kubespray, within a time limit.
fetch() {
    python3 -I "$here/components/hosts/deployer/by_proxy.py" "$inventory/proxy.json" "$state/secrets.json" timeout "$@"
}

# The playbooks: a tree uploaded as an archive, or one commit of a repository. Each revision has a directory of its own.
ensure_source() {
    if [ -e "$here/source.tar" ]; then
        source_id=$(sha256sum "$here/source.tar" | cut -c1-16)
    else
        repository=$(sed -n 1p "$here/source.git")
        source_id=$(sed -n 2p "$here/source.git")
    fi
    playbooks=$state/source/$source_id
    [ ! -d "$playbooks" ] || return 0
    mkdir -p "$state/source"
    new=$(mktemp -d "$state/source/.new.XXXXXX")
    if [ -e "$here/source.tar" ]; then
        tar -xf "$here/source.tar" -C "$new"
    else
        command -v git >/dev/null || install_packages git >&2
        git -C "$new" init -q
        fetch 900 git -C "$new" -c http.lowSpeedLimit=1000 -c http.lowSpeedTime=60 fetch -q --depth 1 "$repository" \
            "$source_id" || die "cannot fetch $source_id from $repository (limit: 15 minutes)"
        git -C "$new" checkout -q "$source_id"
        [ "$(git -C "$new" rev-parse HEAD)" = "$source_id" ] || die "$repository returned another commit than $source_id"
    fi
    mv "$new" "$playbooks"
}

# Makes one virtual environment for each set of requirements and wheels, because each tag of Kubespray supports other versions
# of ansible-core. An environment that does not work any more, as after an upgrade of the distribution, is rebuilt.
ensure_venv() {
    wheels=$here/wheels.tar
    [ -e "$wheels" ] || wheels=
    venv=$state/venv/$(cat "$playbooks/requirements.txt" ${wheels:+"$wheels"} | sha256sum | cut -c1-16)
    if [ -e "$venv/complete" ] && "$venv/bin/python" -c 'import ansible' 2>/dev/null; then return 0; fi
    python=$(ensure_python)
    rm -rf "$venv"
    mkdir -p "$state/venv"
    "$python" -m venv "$venv"
    if [ -n "$wheels" ]; then
        unpacked=$(mktemp -d "$state/.wheels.XXXXXX")
        tar -xf "$wheels" -C "$unpacked"
        "$venv/bin/pip" install -q --no-index --find-links "$unpacked" -r "$playbooks/requirements.txt"
        rm -rf "$unpacked"
    else
        fetch 1800 "$venv/bin/pip" install -q --no-input --disable-pip-version-check --timeout 60 --retries 3 \
            -r "$playbooks/requirements.txt" || die "pip could not install what the playbooks need (limit: 30 minutes)"
    fi
    : >"$venv/complete"
}

# Removes playbooks and environments but those of this run and of the last one that succeeded, so that runs that fail leave
# no more than two of each.
forget_earlier() {
    for earlier in "$state"/source/* "$state"/venv/* "$state"/source/.new.* "$state"/.wheels.*; do
        [ "$earlier" = "$playbooks" ] || [ "$earlier" = "$venv" ] || grep -qxF -e "$earlier" "$state/used" 2>/dev/null ||
            rm -rf "$earlier"
    done
}

# Called after a run that succeeded: its playbooks and environment are the only ones that are needed.
keep_used() {
    printf '%s\n' "$playbooks" "$venv" >"$state/used"
    forget_earlier
}

mkdir -p "$state/facts"
STRETCHED_STARTED=$(date +%s)
export STRETCHED_STARTED STRETCHED_PROGRESS="$progress" STRETCHED_FAILURES="$failures"
case ${1:-} in
converge) inventory=$uploads/inventory/${2:?INVENTORY} ;;
*) inventory=$state/inventory ;;
esac
former=$(find "$state/former" -type f 2>/dev/null || :) # not those that come during this run
ensure_source
ensure_venv
forget_earlier
export PATH="$venv/bin:$PATH" PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
export ANSIBLE_CALLBACK_PLUGINS="$here/components/hosts/deployer/callback" ANSIBLE_CALLBACKS_ENABLED=stretched
# shellcheck source=ansible.sh
. "$here/ansible.sh"

case ${1:-} in
converge)
    cd "$here" # python -m imports from the working directory first
    python -m components.hosts.deployer.converge "$state" "$inventory" "$playbooks"
    keep_used
    # shellcheck disable=SC2086
    [ -z "$former" ] || rm -f $former # the nodes that left are gone
    ;;
reset)
    cd "$playbooks"
    ansible-playbook -b -i "$state/inventory/order.json" -i "$state/inventory/hosts.yml" -e reset_confirmation=yes \
        reset.yml </dev/null
    ;;
*)
    die "usage: run.sh converge INVENTORY, or reset"
    ;;
esac
