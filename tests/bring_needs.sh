#!/bin/sh
# Brings what only tests need and no wheel has: Mosquitto, and Chromium with a Chinese font, from Debian's packages.
# Where they may not be installed, the tests that need them say so and are skipped (with CI=true they fail).
set -u
missing=""
command -v mosquitto >/dev/null 2>&1 || [ -x /usr/sbin/mosquitto ] || missing="$missing mosquitto"
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 \
  || missing="$missing chromium"
fc-list :lang=zh 2>/dev/null | grep -q . || missing="$missing fonts-noto-cjk"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "not installed, so some tests will be skipped:$missing (apt-get install$missing)" >&2
  exit 0
fi
echo "installing for the tests:$missing ..."
export DEBIAN_FRONTEND=noninteractive
{ apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } >/tmp/anju-apt.log 2>&1 || {
  echo "apt-get could not install$missing; see /tmp/anju-apt.log" >&2
}
# the package starts a broker of its own where services run; the tests start theirs
exit 0
