#!/bin/sh
# tables.sh is-enabled|is-active: loads our nftables tables again where somebody deleted them, of the units that systemctl
# describes so. nftables.service takes our units along when it stops, so that after its start all that are enabled are meant.
# stretched-tables.timer looks after `nft flush ruleset`: there a unit that somebody stopped stays stopped.
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
