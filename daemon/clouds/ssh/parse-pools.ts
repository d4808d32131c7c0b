/** The text of `ssh_node_pools.yaml`, SkyPilot's format, as the machines of each pool. What is wrong in it is said with its line. */
import { homedir } from "node:os"
import { dirname, isAbsolute, join } from "node:path"
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml"
import { didYouMean } from "../../../task/near.ts"
import type { Overrides } from "../../remote/resolve.ts"
import { portOfSsh } from "../../remote/Target.ts"
import { type PoolMachine, type Pools, PoolsError } from "./PoolMachine.ts"

const loginFields = ["user", "identity_file", "password", "ssh_port"] as const
const sharedFields = [...loginFields, "node_mirror"]
const poolFields = [...sharedFields, "hosts"]
const hostFields = ["ip", ...sharedFields]
/** Nobody types it, and no program takes all of it. */
const unprintable = /\p{Cc}/u
const depthMax = 64
/** What `--infra ssh/NAME` can name. */
const poolName = /^(?!\*$)\S(.*\S)?$/
const portMax = 65_535
const machinesMax = 10_000

interface Reader {
  readonly file: string
  readonly resolved: (node: unknown) => unknown
  readonly wrong: (node: unknown, message: string) => PoolsError
}

const readerOf = (file: string, document: Document, lines: LineCounter): Reader => ({
  file,
  resolved: (node) => (isAlias(node) ? node.resolve(document) : node),
  wrong: (node, message) => {
    const offset = (node as Node | undefined)?.range?.[0]
    return new PoolsError(`${file}${offset === undefined ? "" : `, line ${lines.linePos(offset).line}`}: ${message}`)
  }
})

/** The fields of a mapping, each known. */
const fieldsOf = (node: unknown, known: ReadonlyArray<string> | null, where: string, { resolved, wrong }: Reader) => {
  const map = resolved(node)
  if (!isMap(map)) throw wrong(node, `${where}: expected a mapping.`)
  const fields = new Map<string, { readonly key: unknown; readonly value: unknown }>()
  for (const { key, value } of map.items) {
    const name = isScalar(key) ? String(key.value) : ""
    if (name === "" || unprintable.test(name)) throw wrong(key, `${where}: expected a name before the colon.`)
    if (fields.has(name)) throw wrong(key, `${where}: '${name}' is there twice.`)
    if (known !== null && !known.includes(name)) {
      const near = known.find((one) => one.endsWith(`_${name}`)) ?? didYouMean(name, known)
      throw wrong(key, `${where}: unknown field '${name}'.${near === undefined ? "" : ` Did you mean '${near}'?`}`)
    }
    fields.set(name, { key, value: resolved(value) })
  }
  return fields
}
type Fields = ReturnType<typeof fieldsOf>

/** As it is written: a password of digits is one. Undefined for what is not there. */
const textOf = (fields: Fields, name: string, where: string, { wrong }: Reader): string | undefined => {
  const found = fields.get(name)
  if (found === undefined || (isScalar(found.value) && found.value.value === null)) return undefined
  const { key, value } = found
  const text = isScalar(value) ? (typeof value.value === "string" ? value.value : (value.source ?? String(value.value))) : ""
  if (text === "") throw wrong(key, `${where}: ${name} is to be text.`)
  if (unprintable.test(text) && name !== "password") throw wrong(key, `${where}: ${name} holds a character that no name has.`)
  return text
}

const pathOf = (text: string, file: string) => {
  const path = text.startsWith("~/") ? join(process.env["HOME"] || homedir(), text.slice(2)) : text
  return isAbsolute(path) ? path : join(dirname(file), path)
}

const loginOf = (fields: Fields, where: string, reader: Reader): Overrides => {
  const text = (name: (typeof loginFields)[number]) => textOf(fields, name, where, reader)
  const [user, key, password, port] = loginFields.map(text)
  if (port !== undefined && !(/^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= portMax))
    throw reader.wrong(fields.get("ssh_port")?.key, `${where}: '${port}' is no port: expected 1 to ${portMax}.`)
  return {
    ...(user === undefined ? {} : { user }),
    ...(key === undefined ? {} : { identityFiles: [pathOf(key, reader.file)] }),
    ...(password === undefined ? {} : { password }),
    ...(port === undefined ? {} : { port: Number(port) })
  }
}

type Shared = Pick<PoolMachine, "login" | "nodeMirror">

const yielding = ["user", "identityFiles"] as const
/** `own`: what is said of the host itself. */
const ofPool = ({ login }: Shared, own: Overrides): Pick<PoolMachine, "ofPool"> => {
  const fields = yielding.filter((field) => login[field] !== undefined && own[field] === undefined)
  return fields.length === 0 ? {} : { ofPool: fields }
}

/** Of a pool, or of a host where it says otherwise. */
const sharedOf = (fields: Fields, where: string, reader: Reader, outer: Shared = { login: {}, nodeMirror: null }): Shared => {
  const mirror = textOf(fields, "node_mirror", where, reader)
  if (mirror !== undefined && !/^https?:\/\/[^\s]+$/.test(mirror))
    throw reader.wrong(fields.get("node_mirror")?.key, `${where}: '${mirror}' is no address of a mirror: expected https://…`)
  return { login: { ...outer.login, ...loginOf(fields, where, reader) }, nodeMirror: mirror ?? outer.nodeMirror }
}

/** The usual port is the same machine, written down or not. */
const called = (name: string, { port = portOfSsh }: Overrides) =>
  port === portOfSsh ? name : `${name.includes(":") ? `[${name}]` : name}:${port}`

const machineOf = (pool: string, node: unknown, at: number, shared: Shared, reader: Reader): PoolMachine => {
  const where = `pool '${pool}', host ${at + 1}`
  const host = reader.resolved(node)
  if (isScalar(host) && typeof host.value === "string" && unprintable.test(host.value))
    throw reader.wrong(node, `${where}: its name holds a character that no name has.`)
  if (isScalar(host) && typeof host.value === "string" && host.value !== "")
    return { pool, host: called(host.value, shared.login), name: host.value, ...shared, ...ofPool(shared, {}) }
  if (!isMap(host)) throw reader.wrong(node, `${where}: expected an address, a name, or a mapping with 'ip'.`)
  const fields = fieldsOf(host, hostFields, where, reader)
  const name = textOf(fields, "ip", where, reader)
  if (name === undefined) throw reader.wrong(host, `${where}: 'ip' is missing, its address or name.`)
  const own = sharedOf(fields, `${where} (${name})`, reader, shared)
  return { pool, host: called(name, own.login), name, ...own, ...ofPool(shared, loginOf(fields, where, reader)) }
}

const poolOf = (pool: string, { key, value }: { readonly key: unknown; readonly value: unknown }, reader: Reader) => {
  const where = `pool '${pool}'`
  if (!poolName.test(pool))
    throw reader.wrong(key, `${where}: --infra ssh/NAME cannot name it: '*' is any, and no name begins or ends with a space.`)
  if (!isMap(value)) throw reader.wrong(key, `${where}: expected a mapping with 'hosts'.`)
  const fields = fieldsOf(value, poolFields, where, reader)
  const shared = sharedOf(fields, where, reader)
  const hosts = fields.get("hosts")
  if (hosts === undefined || !isSeq(hosts.value) || hosts.value.items.length === 0)
    throw reader.wrong(hosts?.key ?? key, `${where}: 'hosts' is to be a list of machines.`)
  const seen = new Set<string>()
  return hosts.value.items.map((node, at) => {
    const machine = machineOf(pool, node, at, shared, reader)
    if (seen.has(machine.host)) throw reader.wrong(node, `${where}: the host '${machine.host}' is there twice.`)
    seen.add(machine.host)
    return machine
  })
}

/** Of a host in a list of a pool there are four levels. What has many would keep the daemon from all else while it is parsed. */
const isDeep = (text: string): boolean => {
  let depth = 0
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1
    if (depth > depthMax) return true
  }
  return new RegExp(`(?:- ){${depthMax}}`).test(text)
}

export interface Parsed {
  readonly pools: Pools
  /** Of each pool that cannot be used: what is wrong with it. */
  readonly faults: ReadonlyMap<string, string>
}

/** A pool with a fault keeps nobody from the others; one alone is the file's. */
export const parsePools = (text: string, file: string): Parsed => {
  if (isDeep(text)) throw new PoolsError(`${file} is nested too deeply.`)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false })
  const reader = readerOf(file, document, lines)
  const [problem] = document.errors
  if (problem !== undefined) throw new PoolsError(`${file}, line ${lines.linePos(problem.pos[0]).line}: ${problem.message}`)
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null))
    return { pools: new Map(), faults: new Map() }
  const pools = new Map<string, ReadonlyArray<PoolMachine>>()
  const faults = new Map<string, string>()
  for (const [pool, found] of fieldsOf(document.contents, null, "the pools", reader)) {
    try {
      pools.set(pool, poolOf(pool, found, reader))
    } catch (error) {
      if (!(error instanceof PoolsError)) throw error
      faults.set(pool, error.message)
    }
  }
  const [fault] = faults.values()
  if (pools.size === 0 && fault !== undefined) throw new PoolsError(fault)
  if ([...pools.values()].flat().length > machinesMax) throw new PoolsError(`${file}: more than ${machinesMax} machines.`)
  return { pools, faults }
}
