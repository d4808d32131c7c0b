/** Machines behind ssh in a process of their own: `node many-machines.ts <count> <public key>` says on which ports, and ends with its stdin. */
import { keyPair } from "../test/fakes/ssh-keys.ts"
import { SshServer } from "../test/fakes/ssh-server.ts"

const [count = "1", key = ""] = process.argv.slice(2)
const authorized = [{ private: "", public: key }]
const start = (_: unknown, i: number) => SshServer.start(authorized, [keyPair("host")], `127.0.0.${i + 1}`)
const servers = await Promise.all(Array.from({ length: Number(count) }, start)) // Asked anything, it says how many connections each has had.
process.stdout.write(`${JSON.stringify(servers.map(({ address, port }) => ({ address, port })))}\n`)
for await (const _ of process.stdin) {
  process.stdout.write(`${JSON.stringify(servers.map(({ connections }) => connections))}\n`)
}
await Promise.all(servers.map((server) => server.stop()))
