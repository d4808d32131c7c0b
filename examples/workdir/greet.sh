while read -r name; do echo "$GREETING, $name"; done <"$1"
