/** The line in this user's `~/.ssh/authorized_keys` by which a head comes to the agent of its worker, and to nothing else. */
import { quote } from "../sdk/quote.ts"
import { refused } from "./MachineError.ts"
import { changeOwn, encoding, readOwn } from "./user-file.ts"

const file = "authorized_keys"

const ends = (node: string) => ` skyd:${node}`
const begins = 'restrict,command="'

/** `words`: what sshd runs, whatever the head asks for; `key`: `ssh-ed25519 AAAA…`. */
export const keyLine = (words: ReadonlyArray<string>, key: string, node: string): string => {
  const command = words.map(quote).join(" ")
  if (/[\n\r\0]/.test(command)) throw refused("BadPath", `No line of authorized_keys can say ${JSON.stringify(command)}.`)
  if (!/^ssh-ed25519 [A-Za-z0-9+/]+=*$/.test(key)) throw refused("BadKey", `${JSON.stringify(key)} is no public key.`)
  return `${begins}${Buffer.from(command).toString(encoding).replaceAll('"', '\\"')}" ${key}${ends(node)}`
}

export const withoutNode = (text: string, node: string): string =>
  text
    .split("\n")
    .filter((line) => !(line.startsWith(begins) && line.endsWith(ends(node))))
    .join("\n")

/** In front, so that it can be taken out again without a trace, however the last line ends. */
export const withLine = (text: string, line: string, node: string): string => `${line}\n${withoutNode(text, node)}`

/** Answers whether the file was made for it. One that cannot be written any more and has the line will do. */
export const addLine = (line: string, node: string): Promise<boolean> =>
  changeOwn(file, (text) => withLine(text, line, node)).catch(async (error) => {
    const text = await readOwn(file).catch(() => "")
    if (text.split("\n").includes(line)) return false
    throw error
  })

const taker = (isFileOurs: boolean) => async (node: string) => {
  const text = await readOwn(file).catch(() => "")
  if (withoutNode(text, node) !== text) await changeOwn(file, (found) => withoutNode(found, node), isFileOurs)
}
/** Where nothing is to be taken out nothing is touched. What we may not read we have not written. */
export const takeOut = taker(false)
/** Of a file that was made for it: where nothing else is in it, it goes. */
export const takeOutMade = taker(true)
