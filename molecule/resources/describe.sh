#!/bin/sh
# Everything that applying and removing must leave as it was, one thing on a line.
set -eu
export LC_ALL=C
echo "== rules"
nft -s list ruleset
echo "== units"
# A session of a user is a transient unit.
systemctl list-unit-files --no-legend --no-pager | awk '$2 != "transient" { print $1, $2 }' | sort
systemctl list-units --failed --no-legend --plain --no-pager
# Ours may be transient, too.
systemctl list-units --all --no-legend --plain --no-pager 'legalops*' 'timesensor*'
echo "== what listens"
ss -Hltun | awk '{ print $1, $5 }' | sort -u
echo "== kernel settings"
sysctl -a -r '^net\.(netfilter\.nf_conntrack_(helper|tcp_loose|acct)|ipv[46]\.conf\.(all|default)\.|ipv4\.ip_forward)'
echo "== ours outside of /etc and /var"
find /run /tmp /home -xdev \( -name '*legalops*' -o -name '*timesensor*' \) -printf '%p %M %u:%g\n' | sort
echo "== packages and users"
dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\n'
getent passwd
echo "== files"
# Without what a running Debian writes by itself: databases of packages, logs, random seeds, clocks.
find /etc /opt /root /srv /usr/local /usr/lib/systemd /usr/sbin /usr/bin /var -xdev \
    \( -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/cache -o -path /var/log \
    -o -path /var/lib/systemd -o -path /var/tmp -o -path /root/.ansible \
    -o -path '/etc/*-' -o -name .pwd.lock \) -prune -o -printf '%p %M %u:%g %l\n' | sort
find /etc /root /opt/lab /srv /usr/local -xdev ! -path '/etc/*-' -type f -exec sha256sum {} + | sort
