#!/bin/sh
# Loads our nftables tables again where somebody deleted them, as `nft flush ruleset` does, and each start of nftables.service.
# A table whose unit was stopped stays away. Runs by stretched-tables.timer, and after nftables.service.
while read -r unit table; do
    if systemctl is-active --quiet "$unit" && ! nft -t list table inet "$table" >/dev/null 2>&1; then
        echo "$unit: the table inet $table was deleted, loading it again"
        systemctl reload-or-restart "$unit"
    fi
done <<END
stretched-firewall.service stretched_firewall
stretched-relay.service stretched
stretched-services-table.service stretched_services
END
