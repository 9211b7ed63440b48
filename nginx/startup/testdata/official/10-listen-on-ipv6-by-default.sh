#!/bin/sh
# Does what the official image's script of this name does: it adds an IPv6 listener to the packaged default.conf, as long
# as that is as it was packaged.
set -e
conf=etc/nginx/conf.d/default.conf
[ -f /proc/net/if_inet6 ] || exit 0
[ -f "/$conf" ] || exit 0
touch /$conf 2>/dev/null || { echo "$0: /$conf cannot be written"; exit 0; }
grep -q "listen  \[::]:80;" /$conf && exit 0
. /etc/os-release
packaged=$(dpkg-query --show --showformat='${Conffiles}\n' nginx | awk -v name=/$conf '$1 == name { print $2 }')
echo "$packaged  /$conf" | md5sum -c - >/dev/null 2>&1 || exit 0
sed -i -E 's,listen       80;,listen       80;\n    listen  [::]:80;,' /$conf
