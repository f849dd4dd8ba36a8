#!/bin/sh
# tables.sh is-enabled|is-active: loads our nftables tables again where somebody deleted them, of the units that systemctl
# describes so. nftables.service takes our units along when it stops, so that after its start all that are enabled are meant.
# stretched-tables.timer looks after `nft flush ruleset`: there a unit that somebody stopped stays stopped. Who sets
# net.ipv4.ip_forward to 0 also takes forwarding from wg0, which a relay needs: it comes back in the same way.
while read -r unit table; do
    if systemctl "$1" --quiet "$unit" && ! nft -t list table inet "$table" >/dev/null 2>&1; then
        echo "$unit: the table inet $table was deleted, loading it again"
        systemctl --no-block reload-or-restart "$unit"
    fi
done <<END
stretched-firewall.service stretched_firewall
stretched-relay.service stretched
stretched-services-table.service stretched_services
END

forwarding=/proc/sys/net/ipv4/conf/wg0/forwarding
if systemctl "$1" --quiet stretched-relay.service && [ "$(cat $forwarding 2>/dev/null)" = 0 ]; then
    echo "stretched-relay.service: wg0 did not forward any more, starting it again"
    systemctl --no-block restart stretched-relay.service
fi
