# SPDX-License-Identifier: GPL-2.0-only
#
# A systemd of its own on a host of the lab, as process 1 of namespaces, with nothing in it but the units of dist/: none of the
# machine's is ever started, and nothing of the machine is written. For scripts that have sourced lib.sh.

declare -A CGROUP=()

# systemd_host HOST: what its units say is in /run/units.log there.
systemd_host() {
	local host=$1
	[ -x /lib/systemd/systemd ] && command -v systemctl >/dev/null || skip "systemd is not installed"
	systemd_cgroup "$host"
	systemd_units "$host"
	echo $$ >"${CGROUP[$host]}/cgroup.procs" # for what is started next
	start "systemd-$host" "$host" unshare --pid --fork --kill-child --mount --mount-proc --cgroup --ipc \
		--propagation private sh "$RUN/$host/systemd.sh"
	echo $$ >"$(dirname "${CGROUP[$host]}")/cgroup.procs"
	within 10 systemd_on "$host" systemctl is-active boot.target && return
	log_of "systemd-$host" >&2
	skip "systemd does not come up as process 1 of a namespace here"
}

# systemd_on HOST COMMAND...: among its processes, which are the only ones that it listens to.
systemd_on() {
	local host=$1
	shift
	nsenter --target "$(ps -o pid= --ppid "${PID[systemd-$host]}" | tr -d ' ')" --all -- "$@"
}

# systemd_stop HOST
systemd_stop() {
	stop "systemd-$1" KILL
	within 10 grep -q "^populated 0" "${CGROUP[$1]}/cgroup.events" # a process that frees large maps takes a while
	find "${CGROUP[$1]}" -depth -type d -exec rmdir {} \; 2>/dev/null
	[ ! -d "${CGROUP[$1]}" ]
}

# A cgroup that its own are below.
systemd_cgroup() {
	local here
	[ ${#CGROUP[@]} -gt 0 ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null ||
		skip "cgroup2 cannot be mounted, which systemd needs"
	here=/sys/fs/cgroup$(sed -n 's,^0::,,p' /proc/self/cgroup)
	CGROUP[$1]=${here%/}/$(basename "$RUN")-$1
	mkdir "${CGROUP[$1]}" 2>/dev/null || skip "no cgroup can be made, which systemd needs"
}

# The units as they are, but for where the programs are and where their output goes.
systemd_units() {
	local host=$1 unit
	mkdir -p "$RUN/$host/units"
	on "$host" sh -ec "mkdir -p /run/programs; cp $BUILD/mayflyctl $BUILD/mayfly-loader $BUILD/mayfly-page /run/programs"
	for unit in "$TOP"/dist/systemd/*.service; do
		sed 's,/usr/s\?bin/,/run/programs/,; s,^\[Service\]$,&\nStandardOutput=append:/run/units.log\nStandardError=inherit,' \
			"$unit" >"$RUN/$host/units/$(basename "$unit")"
	done
	for unit in boot sysinit basic shutdown umount final network-pre network-online multi-user; do
		printf '[Unit]\nDefaultDependencies=no\n' >"$RUN/$host/units/$unit.target"
	done
	cat >"$RUN/$host/systemd.sh" <<-END
		set -e
		for place in /usr/lib/systemd/system /usr/lib/systemd/system-generators /var/lib /sys/fs/cgroup; do
			mount -t tmpfs tmpfs \$place
		done
		mount -t cgroup2 cgroup2 /sys/fs/cgroup
		mkdir -p $RUN/$host/etc/mayfly
		cp -a /etc/passwd /etc/group /etc/nsswitch.conf /etc/ld.so.cache $RUN/$host/etc
		sed -i /^mayfly:/d $RUN/$host/etc/passwd $RUN/$host/etc/group
		echo mayfly:x:899:899::/var/lib/mayfly:/usr/sbin/nologin >>$RUN/$host/etc/passwd
		echo mayfly:x:899: >>$RUN/$host/etc/group
		cp $RUN/$host/units/* /usr/lib/systemd/system
		cp -p $RUN/$host/eth0.conf $RUN/$host/key $RUN/$host/etc/mayfly
		sed -i "s,$RUN/$host/key,/etc/mayfly/key," $RUN/$host/etc/mayfly/eth0.conf
		mount --bind $RUN/$host/etc /etc
		exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=boot.target \
			--log-target=console --show-status=0
	END
}
