/** What to do about a machine that is not reached, for whoever looks at it; the error itself says what is wrong. */
import type { Kind, RemoteError } from "../../remote/RemoteError.ts"

const advice: { readonly [K in Kind]?: string } = {
  ConnectionRefused: "Start sshd there, or name its port as ssh_port",
  NameUnknown: "Mend the name in the pools file, or give it a Host in ~/.ssh/config",
  NoAnswer: "See whether it is on, and what stands in between: a firewall, a VPN",
  NoRoute: "See whether it is on, and on a network that you reach",
  NoShell: "See what ~/.bashrc and the like do there when nobody is at a terminal, and a ForceCommand of its sshd",
  KeyUnusable: "Name a key as identity_file in the pools file or in ~/.ssh/config, or add one to your ssh-agent",
  PermissionDenied:
    "Let the key in with ssh-copy-id, or name another one or another user in the pools file; a login shell that is not there is denied as well"
}

/** What was tried last. */
const byPassword = /(with|,) the password$/
const wrongPassword = "The password in the pools file is wrong for this user: mend it there"

const byConfigOnly =
  "Who logs in there, and with which key, ~/.ssh/config says of this host: mend it there, or say otherwise beside the host in the pools file"

/** As addresses are written elsewhere. */
const otherwise = /^the name (\[.*|[^: ]+:\d+) does not resolve/
const writtenSo = "Write an address without brackets, and its port as ssh_port beside ip"

/** Null where the error says so itself. `isByConfig`: the user's ~/.ssh/config says who logs in there. */
export const adviceOn = ({ kind, message }: RemoteError, isByConfig = false): string | null => {
  if (message.endsWith(".")) return null
  if (isByConfig && (kind === "PermissionDenied" || kind === "KeyUnusable")) return byConfigOnly
  if (otherwise.test(message)) return writtenSo
  return kind === "PermissionDenied" && byPassword.test(message) ? wrongPassword : (advice[kind] ?? null)
}
