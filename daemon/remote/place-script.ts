/**
 * How programs of ours come to lie on a machine, as scripts of `sh`: beside their place, tried, on the disk, and renamed into it. Two that
 * do so at once do not meet, a cut in the middle leaves nothing that counts, and what a power cut left is swept by who comes an hour later.
 */

import { baseName } from "../../machine/places.ts"

/** Of a program that does not run there: another try, or another way to bring it, is of no use. */
export const doesNotRun = 3
/** Of what cannot be got on the machine: it may be got another way. */
export const notFetched = 5
/** Of a folder of all of ours that is of no use. */
export const noBase = 6

/** `$1`: the path. Words of its programs are English, whatever the machine's are. */
const beginning = `umask 077
LC_ALL=C; export LC_ALL
has() { command -v "$1" >/dev/null 2>&1; }
base=$HOME/${baseName}; folder=\${1%/*}
useless() { printf '%s\n' "$base $1" >&2; exit ${noBase}; }
if [ -e "$base" ] && ! [ -d "$base" ]; then useless "is no folder: move it away"; fi
if [ -L "$base" ] && ! [ -e "$base" ]; then useless "is a link that leads nowhere: make the folder that it leads to, or remove it"; fi
if ! said=$(mkdir -p "$folder" 2>&1); then
  case $said in *"ermission denied"*) if [ -d "$base" ]; then useless "is not yours to write to: see whose it is"; fi ;; esac
  printf '%s\n' "$said" >&2; exit 1
fi
find "$folder" -name '*.new*' -mmin +60 -exec rm -rf {} + 2>/dev/null
new=$1.$$.new
trap 'rm -rf "$new" "$new.d"' EXIT
trap 'exit 1' HUP INT TERM
runs() {
  chmod 700 "$new" || exit 1
  if ! [ -x "$new" ]; then echo "no program runs from $base there: its disk is mounted noexec" >&2; exit ${doesNotRun}; fi
  said=$("$new" --version 2>&1 </dev/null) && return
  printf 'it does not run there: %s\\n' "$(printf '%s\\n' "$said" | tail -n 1)" >&2; exit ${doesNotRun}
}
land() { sync "$new" 2>/dev/null; mv -f "$new" "$1"; }
`

/**
 * `$2` how it is packed: zstd, gzip or not at all; `$3` its size; `$4` whether it is to run. A connection that breaks looks like the end.
 */
export const pushScript = `${beginning}
case $2 in zstd|gzip) "$2" -dc >"$new" ;; *) cat >"$new" ;; esac || exit 1
if ! [ "$(wc -c <"$new")" -eq "$3" ]; then echo "the connection broke before its end" >&2; exit 1; fi
if [ "$4" = runs ]; then runs; fi
land "$1"`

/** `$2` the URL of an archive, `$3` its SHA-256, `$4` what is wanted of it. */
export const fetchScript = `${beginning}
not() { printf '%s\\n' "$1" >&2; exit ${notFetched}; }
first() { printf '%s\\n' "$1" | sed -n '/./{p;q;}'; }
mkdir "$new.d" || exit 1
if has curl; then said=$(curl -fsSL --connect-timeout 10 --speed-limit 1000 --speed-time 30 -o "$new.d/tgz" "$2" 2>&1 </dev/null)
elif has wget; then
  case $(wget --version 2>/dev/null) in *GNU*) flags='-nv -t 2 -T 30' ;; *) flags=-q ;; esac
  if has timeout; then limit='timeout 300'; else limit=; fi
  said=$($limit wget $flags -O "$new.d/tgz" "$2" 2>&1 </dev/null)
else not "it has neither curl nor wget"
fi || not "$2: $(first "\${said:-it cannot be fetched}")"
if has sha256sum; then sum=$(sha256sum <"$new.d/tgz")
elif has shasum; then sum=$(shasum -a 256 <"$new.d/tgz")
elif has openssl; then sum=$(openssl dgst -sha256 <"$new.d/tgz")
else not "it has nothing that tells a SHA-256"
fi
case $sum in *"$3"*) ;; *) not "$2 is not what is pinned: its SHA-256 is another" ;; esac
said=$(tar -xzf "$new.d/tgz" -C "$new.d" "$4" 2>&1) || not "$(first "$said")"
mv "$new.d/$4" "$new" || exit 1
runs
land "$1"`
