#!/bin/sh
# Installs the Debian packages named on the command line whose program is missing.
# Root, or sudo, is asked for only then.
set -eu
missing=""
for package in "$@"; do
  case $package in
    mosquitto) program=/usr/sbin/mosquitto ;;
    *) program=/usr/bin/$package ;;
  esac
  [ -x "$program" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo"
echo "Installing Debian packages:$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
case "$missing" in
  *mosquitto*) # the packaged service must not hold the default port; tests start their own broker
    command -v systemctl >/dev/null && $as_root systemctl disable --now mosquitto >/dev/null 2>&1 || true ;;
esac
