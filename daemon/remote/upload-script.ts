/** How a file gets to a machine: `$1` path, `$2` mode, `$3` size, and its bytes. */

/** Beside the file, so that the rename is one step. A connection that breaks looks like the end of the file: hence its size. */
export const uploadScript = `umask 077
new=$1.$$.new
trap 'rm -f "$new"' EXIT
trap 'exit 1' HUP INT TERM
cat > "$new"
if [ "$(wc -c < "$new")" -ne "$3" ]; then echo "the connection broke before its end" >&2; exit 1; fi
chmod "$2" "$new" && mv -f "$new" "$1"`
