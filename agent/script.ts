/**
 * The shell text around a user's script. `supervisor` is the few lines of sh in a session of their own: claim, run, write the
 * exit. The claim is one exclusive create, so two supervisors of one rank are impossible; a file that is still empty is one being written.
 * The exit is written over the blanks that are its place, which a full disk does not keep it from. `prologue` sources the user's text from
 * its own file: line numbers in errors are the user's. Pure.
 */
import { quote } from "../sdk/quote.ts"

/**
 * Arguments: the rank's folder, bash, the boot id. TERM is caught, not ignored: what is ignored would be inherited by the job. Odd names,
 * because a variable that the job's own environment exports would change for the job.
 */
export const supervisor = `
read -r __skyd_stat < /proc/self/stat
__skyd_folder=$1 __skyd_bash=$2 __skyd_boot=$3
set -f
set -- $__skyd_stat
shift 21
set -C
{ echo "$$ $1 $__skyd_boot" > "$__skyd_folder/claim"; } 2> /dev/null || exit 0
set +C
trap : TERM INT HUP
umask 022
"$__skyd_bash" --noprofile --norc "$__skyd_folder/main"
echo $? 1<> "$__skyd_folder/exit"
`

export const prologue = (folder: string, workdir: string) => `echo $$ > ${quote(`${folder}/pid`)}
if command -v conda > /dev/null; then
  __skyd_conda=$(command -v conda)
  __skyd_conda=\${__skyd_conda%/*/conda}
  if [ -f "$__skyd_conda/etc/profile.d/conda.sh" ]; then . "$__skyd_conda/etc/profile.d/conda.sh"; fi
  unset __skyd_conda
fi
cd ${quote(workdir)} || exit 1
. ${quote(`${folder}/script`)}
`
