# SPDX-License-Identifier: Apache-2.0
# What ./demo and ./check share: Debian packages, the Python environment, builds. Sourced from the repository's root by bash.

jobs=$(nproc)

# packages SECTION...: the names in those sections of packages.debian.
packages() {
  local section wanted=0 line
  for section in "$@"; do
    while read -r line; do
      case "$line" in
        "[$section]") wanted=1 ;;
        "["*) wanted=0 ;;
        "" | "#"*) ;;
        *) [ "$wanted" = 1 ] && echo "$line" ;;
      esac
    done <packages.debian
  done
}

# install_packages SECTION...: installs what is missing, as root or through sudo; says the command where it can do neither.
install_packages() {
  local missing=() name as_root=()
  for name in $(packages "$@"); do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if ! command -v apt-get >/dev/null; then
    echo "These Debian packages are needed and this is no Debian: ${missing[*]}" >&2
    return 1
  fi
  if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "Install these packages as root, then run this again: apt-get install --no-install-recommends ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  echo "Installing ${#missing[@]} Debian packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# python_environment: .venv with exactly requirements.txt; quick when it is there already.
python_environment() {
  if [ ! -f .venv/requirements.txt ] || ! cmp -s requirements.txt .venv/requirements.txt; then
    [ -x .venv/bin/python ] || python3 -m venv .venv || return 1
    .venv/bin/python -m pip install -q --disable-pip-version-check -r requirements.txt || return 1
    cp requirements.txt .venv/requirements.txt
  fi
}

# build PRESET TARGET...: configures (what was installed since is found) and builds; prints the compiler's words only when it fails.
build() {
  local preset=$1 log
  shift
  log=build/$preset.log
  mkdir -p build
  cmake --preset "$preset" >"$log" 2>&1 || { tail -30 "$log" >&2; return 1; }
  cmake --build "build/$preset" -j "$jobs" --target "$@" >"$log" 2>&1 || { grep -A12 -E 'error|FAILED|warning' "$log" | head -60 >&2; return 1; }
}
