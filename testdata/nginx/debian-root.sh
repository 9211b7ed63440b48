#!/bin/sh
# image.sh's hook: turns Debian's packages, extracted into a folder and with none of their own scripts run, into a
# root that nginx starts in, and as much like the official image's as our tests can see.
set -eu
root=$1

# The links into /usr are made by a package that is not among them; older suites have real folders instead.
for folder in bin sbin lib lib64; do
  if [ ! -e "$root/$folder" ]; then ln -s "usr/$folder" "$root/$folder"; fi
done
chroot "$root" /bin/busybox --install -s /bin

cat >"$root/etc/passwd" <<END
root:x:0:0:root:/root:/bin/sh
nginx:x:101:101:nginx:/nonexistent:/bin/false
END
cat >"$root/etc/group" <<END
root:x:0:
nginx:x:101:
END
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"

mkdir -p "$root/root" "$root/run" "$root/etc/nginx/http.d" "$root/var/log/nginx"
cp nginx.conf "$root/etc/nginx/"
if [ "$SNIPPET" ]; then cp "$SNIPPET" "$root/etc/nginx/http.d/"; fi
ln -sf /dev/stdout "$root/var/log/nginx/access.log"
ln -sf /dev/stderr "$root/var/log/nginx/error.log"
