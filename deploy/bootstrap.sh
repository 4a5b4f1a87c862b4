#!/usr/bin/env bash
# What `make` calls to have this machine ready: bootstrap.sh [venv] [kafka] [postgres] [browser] [clean]. A second run fetches nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

# The lock holds the exact files; another Python than the machine's own is never downloaded.
export UV_PYTHON_DOWNLOADS=never PIP_ROOT_USER_ACTION=ignore
stamps=.hoso/stamps
pom=deploy/kafka/pom.xml
kafka_jars=.hoso/kafka/$(sed -n '/<artifactId>kafka_/{n;s/.*<version>\(.*\)<.*/\1/p}' "$pom")

say() { echo "hoso: $*" >&2; }
give_up() { say "$*"; exit 1; }

hash_of() { cat "$@" | sha256sum | cut -d' ' -f1; }
is_stamped() { [[ -f $stamps/$1 && $(<"$stamps/$1") == "$2" ]]; }
stamp() { mkdir -p "$stamps"; echo "$2" >"$stamps/$1"; }

# --- what comes from the distribution ---

python_of_machine() {
    local candidate
    for candidate in "${PYTHON:-python3}" python3.{14,13,12,11}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    give_up "Python 3.11 or newer is missing; on this machine python3 is: $(python3 --version 2>&1 || true)"
}

can_fetch_uv() { command -v uv >/dev/null || "$1" -c 'import ensurepip' 2>/dev/null || "$1" -m pip --version >/dev/null 2>&1; }

has_java() {
    local java=${JAVA_HOME:+$JAVA_HOME/bin/}java version
    version=$("$java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p') || return 1
    [[ -n $version ]] && ((version >= 17))
}

# The tests start a server of their own and only need its programs; Debian keeps them out of the path.
has_postgres() {
    [[ -n ${HOSO_TEST_POSTGRES_URL:-} ]] || command -v initdb >/dev/null ||
        compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

# The tests of pages drive the distribution's Chromium, which needs a font to write with.
has_browser() { command -v "${HOSO_TEST_CHROMIUM:-chromium}" >/dev/null; }

missing_packages() {
    if wants venv && ! is_stamped venv "$venv_hash" && ! can_fetch_uv "$python"; then echo python3-venv; fi
    if wants kafka && ! has_java; then echo default-jre-headless; fi
    if wants kafka && ! is_stamped kafka "$kafka_hash" && ! command -v mvn >/dev/null; then echo maven; fi
    if wants postgres && ! has_postgres; then echo postgresql; fi
    if wants browser && ! has_browser; then printf '%s\n' chromium fonts-dejavu-core; fi
}

install_packages() {
    local packages=("$@") as_root=()
    if ((EUID != 0)); then as_root=(sudo -n); fi
    if ! command -v apt-get >/dev/null; then
        give_up "install what Debian calls ${packages[*]}, then run make again"
    fi
    if ((EUID != 0)) && ! sudo -n true 2>/dev/null; then
        give_up "these are missing, install them and run make again: sudo apt-get install -y ${packages[*]}"
    fi
    say "installing by apt: ${packages[*]}"
    "${as_root[@]}" apt-get update -qq
    # Debian's postgresql makes a cluster on port 5432 and starts it, and nobody asked for one. The word against it stands
    # for this installation only: whoever wants a server later gets what the package usually gives.
    local no_cluster=/etc/postgresql-common/createcluster.d/hoso.conf status=0
    if wants postgres; then
        "${as_root[@]}" mkdir -p "${no_cluster%/*}"
        echo 'create_main_cluster = false' | "${as_root[@]}" tee "$no_cluster" >/dev/null
    fi
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${packages[@]}" >&2 || status=$?
    if wants postgres; then
        "${as_root[@]}" rm -f "$no_cluster"
        "${as_root[@]}" rmdir --ignore-fail-on-non-empty "${no_cluster%/*}"
    fi
    return "$status"
}

# --- the virtual environment ---

# uv does not read pip's settings: where uv has none of its own, pip's become uv's.
follow_pip_settings() {
    local pip=$1 value
    if [[ -f ${XDG_CONFIG_HOME:-$HOME/.config}/uv/uv.toml || -f /etc/uv/uv.toml ]]; then return; fi
    value=${PIP_INDEX_URL:-$(pip_setting "$pip" index-url)}
    if [[ -n $value && -z ${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-} ]]; then export UV_DEFAULT_INDEX=$value; fi
    value=${PIP_EXTRA_INDEX_URL:-$(pip_setting "$pip" extra-index-url)}
    if [[ -n $value && -z ${UV_INDEX:-}${UV_EXTRA_INDEX_URL:-} ]]; then export UV_INDEX=$value; fi
    value=${PIP_FIND_LINKS:-$(pip_setting "$pip" find-links)}
    if [[ -n $value && -e $value && -z ${UV_FIND_LINKS:-} ]]; then export UV_FIND_LINKS=$value; fi
    value=${PIP_CERT:-$(pip_setting "$pip" cert)}
    if [[ -n $value && -z ${SSL_CERT_FILE:-} ]]; then export SSL_CERT_FILE=$value; fi
}
pip_setting() { "$1" -m pip config get "global.$2" 2>/dev/null || true; }

# uv as the lock file names it, with its hashes.
uv_of_lock() { sed -n '/^uv==/,/[^\\]$/p' requirements.lock; }

make_venv() {
    local uv
    if .venv/bin/python -c '' 2>/dev/null; then
        uv=$(command -v .venv/bin/uv || command -v uv || true)
    elif uv=$(command -v uv); then
        "$uv" venv --quiet --clear --python "$python" .venv
    elif "$python" -c 'import ensurepip' 2>/dev/null; then
        "$python" -m venv --clear .venv
    else
        say "fetching uv by pip"
        "$python" -m pip install --quiet --target .hoso/tools --upgrade --require-hashes -r <(uv_of_lock)
        uv=$PWD/.hoso/tools/bin/uv
        "$uv" venv --quiet --clear --python "$python" .venv
    fi
    if [[ -z ${uv:-} ]]; then
        say "fetching uv by pip"
        .venv/bin/python -m pip install --quiet --require-hashes -r <(uv_of_lock)
        uv=.venv/bin/uv
    fi
    follow_pip_settings "$python"
    say "filling .venv from requirements.lock"
    "$uv" pip sync --quiet --python .venv/bin/python --require-hashes requirements.lock
    "$uv" pip install --quiet --offline --python .venv/bin/python --no-deps --no-build-isolation --editable .
    stamp venv "$venv_hash"
}

# --- Kafka's jars ---

fetch_jars() {
    say "fetching Kafka's jars to $kafka_jars"
    rm -rf "$kafka_jars.new"
    mvn -q -B -f "$pom" dependency:copy-dependencies -DoutputDirectory="$PWD/$kafka_jars.new" >.hoso/maven.log ||
        { cat .hoso/maven.log >&2; give_up "Maven cannot fetch Kafka's jars"; }
    rm -rf "$kafka_jars"
    mv "$kafka_jars.new" "$kafka_jars"
    stamp kafka "$kafka_hash"
}

# --- the other way ---

clean() {
    if [[ -x .venv/bin/hoso && -f .hoso/kafka/broker.json ]]; then HOSO_HOME=.hoso .venv/bin/hoso broker stop; fi
    find .hoso -mindepth 1 -maxdepth 1 ! -name kafka ! -name stamps ! -name tools ! -name lock -exec rm -rf {} + 2>/dev/null || true
    rm -rf .hoso/kafka/{node-*,broker.json,cluster,lock} .{mypy,pytest,ruff,import_linter}_cache .hypothesis
    find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
}

wanted=" $* "
wants() { [[ $wanted == *" $1 "* ]]; }

venv_hash=$(hash_of requirements.lock pyproject.toml)
kafka_hash=$(hash_of "$pom")
is_ready() {
    { ! wants venv || { is_stamped venv "$venv_hash" && .venv/bin/python -c '' 2>/dev/null; }; } &&
        { ! wants kafka || { is_stamped kafka "$kafka_hash" && [[ -d $kafka_jars ]] && has_java; }; } &&
        { ! wants postgres || has_postgres; } &&
        { ! wants browser || has_browser; }
}

if wants clean; then clean; fi
if is_ready; then exit 0; fi

# Two makes at once: the second waits and finds the work done.
mkdir -p .hoso
exec 9>.hoso/lock
flock 9
if is_ready; then exit 0; fi
python=$(python_of_machine)
mapfile -t packages < <(missing_packages)
if ((${#packages[@]})); then install_packages "${packages[@]}"; fi
if wants venv && ! { is_stamped venv "$venv_hash" && .venv/bin/python -c '' 2>/dev/null; }; then make_venv; fi
if wants kafka && ! { is_stamped kafka "$kafka_hash" && [[ -d $kafka_jars ]]; }; then fetch_jars; fi
