# SPDX-License-Identifier: GPL-2.0-only
#
# A fresh Debian 12 on a host of the lab, booted by its own systemd as process 1 of namespaces. Its files are those of a
# base that all such hosts share, what it writes goes elsewhere. For scripts that have sourced lib.sh and systemd.sh.

DEBIAN=$BUILD/package

# debian_base DEB: made by debootstrap unless it is there; with what DEB depends on downloaded, not installed.
# The seconds that it took, without downloads, and those of them that a processor worked, are in $DEBIAN/base.seconds.
debian_base() {
	local mirror=http://deb.debian.org/debian include=systemd-sysv,dbus,iproute2,iputils-ping,procps log=$DEBIAN/log TIMEFORMAT="%R %U %S"
	mkdir -p "$DEBIAN/debs"
	if [ ! -e "$DEBIAN/base.seconds" ]; then
		rm -rf "$DEBIAN/base"
		set -- "$1" --variant=minbase --include="$include" --cache-dir="$DEBIAN/debs" bookworm "$DEBIAN/base" "$mirror"
		debootstrap --download-only "${@:2}" >"$log" 2>&1 && rm -rf "$DEBIAN/base" || return
		{ time debootstrap "${@:2}" >"$log" 2>&1; } 2>"$DEBIAN/base.time" || return
		awk 'END { printf "%.0f %.0f\n", $1, $2 + $3 }' "$DEBIAN/base.time" >"$DEBIAN/base.seconds"
	fi
	cp "$1" "$DEBIAN/base/root/mayfly.deb" || return
	cp /etc/resolv.conf "$DEBIAN/base/etc/resolv.conf"
	[ -e "$DEBIAN/base/var/lib/apt/updated" ] || { chroot "$DEBIAN/base" apt-get -qq update >>"$log" 2>&1 &&
		touch "$DEBIAN/base/var/lib/apt/updated"; } || return
	chroot "$DEBIAN/base" apt-get -qq -y --no-install-recommends --download-only install /root/mayfly.deb >>"$log" 2>&1
}

# debian_boot HOST: until it has come up.
debian_boot() {
	local host=$1
	systemd_cgroup "$host"
	mkdir -p "$RUN/$host"/{upper,work,root}
	debian_boot_script "$RUN/$host" >"$RUN/$host/boot.sh"
	echo $$ >"${CGROUP[$host]}/cgroup.procs" # for what is started next
	start "systemd-$host" "$host" unshare --pid --fork --kill-child --mount --mount-proc --cgroup --ipc \
		--propagation private sh "$RUN/$host/boot.sh"
	echo $$ >"$(dirname "${CGROUP[$host]}")/cgroup.procs"
	within 30 debian_is_up "$host" && return
	log_of "systemd-$host" >&2
	skip "Debian does not come up in namespaces here"
}

debian_is_up() { [[ $(systemd_on "$1" systemctl is-system-running) =~ running|degraded ]]; }

# debian_boot_script HOME: /sys is closed as in any container, but for pins and cgroups.
debian_boot_script() {
	cat <<-END
		set -e
		cd $1
		mount -t overlay -o lowerdir=$DEBIAN/base,upperdir=$1/upper,workdir=$1/work overlay root
		cd root
		mount -t proc proc proc
		mount -t sysfs -o ro sysfs sys
		mount -t bpf -o mode=700 bpf sys/fs/bpf
		mount -t cgroup2 cgroup2 sys/fs/cgroup
		for place in dev run tmp; do
			mount -t tmpfs -o mode=755 tmpfs \$place
		done
		chmod 1777 tmp
		mkdir dev/pts dev/shm
		for device in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0"; do
			set -- \$device
			mknod -m 666 dev/\$1 c \$2 \$3
		done
		mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
		ln -s pts/ptmx dev/ptmx
		ln -s /proc/self/fd dev/fd
		pivot_root . .
		umount -l .
		exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot . /lib/systemd/systemd --system \
			--unit=multi-user.target --show-status=0
	END
}

# debian_apt HOST ARGUMENT...
debian_apt() {
	local host=$1
	shift
	systemd_on "$host" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
		-o APT::Sandbox::User=root -o Dpkg::Use-Pty=0 "$@" >"$RUN/apt-$host.log" 2>&1 && return
	cat "$RUN/apt-$host.log"
	return 1
}
