/** What the ssh cloud does besides what every cloud does: leases of machines that are others' as well, and machines that are not reached. */
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setImmediate } from "node:timers/promises"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, type Scope } from "effect"
import { ulid } from "ulid"
import type { Cloud, NodeRef } from "../../daemon/clouds/Cloud.ts"
import { ClusterName, NodeToken } from "../../events/ids.ts"
import type { SshServer } from "../fakes/ssh-server.ts"
import { tempFolder, write } from "../unit/sync/tree.ts"
import { helloOf, inherited, makeNode, makeNodes, makeTags, makeToken } from "./cloud-nodes.ts"
import { type TestPool, testPool } from "./ssh-machines.ts"

const live = (title: string, count: number, body: (pool: TestPool, cloud: Cloud) => Effect.Effect<void, unknown, Scope.Scope>) =>
  it.live(title, () =>
    Effect.gen(function* () {
      const pool = yield* testPool(count)
      yield* body(pool, yield* pool.daemon)
    })
  )
const leaseOf = (pool: TestPool, ref: Pick<NodeRef, "host">) => {
  const folder = join(pool.serverOf(ref).home, ".skyd-node/lease")
  return existsSync(folder) ? readdirSync(folder) : []
}
/** What is put there hangs; the file that it answers with appears once it does. */
const hang = ({ home, knobs }: SshServer) => {
  const reached = join(home, "reached")
  write(home, { "bin/sync": `#!/bin/sh\ntouch ${reached}\nexec sleep 1000\n` })
  chmodSync(join(home, "bin/sync"), 0o755)
  knobs.path = `${join(home, "bin")}:${knobs.path}`
  return reached
}
const stateOf = (cloud: Cloud, ref: NodeRef) => Effect.map(cloud.query([ref]), ([state]) => state!)

describe("a machine of a pool", () => {
  live("is one cluster's at a time, whoever's log that is of, and free again once it is down", 1, (pool, cloud) =>
    Effect.gen(function* () {
      const { refs, request } = yield* makeNodes(cloud, [0])
      assert.deepStrictEqual(leaseOf(pool, refs[0]!), [refs[0]!.node])
      const other = yield* pool.daemon
      assert.deepInclude(yield* other.offers({}), { offers: [], lacks: false })
      assert.include((yield* other.offers({})).reason, "leased by 'train'")
      const late = { ...request, tags: makeTags(), token: NodeToken.make(ulid()) }
      const refusal = yield* Effect.flip(other.provision(late))
      assert.deepInclude({ ...refusal }, { kind: "Refused", code: "NoCapacity" })
      assert.include(refusal.message, "leased by 'train'")
      yield* cloud.terminate(refs[0]!)
      assert.deepStrictEqual(leaseOf(pool, refs[0]!), [])
      assert.lengthOf((yield* other.offers({})).offers, 1)
    })
  )

  live("is not kept where others are missing: all or none", 2, (pool, cloud) =>
    Effect.gen(function* () {
      const { request } = yield* makeNodes(cloud, [0])
      const refusal = yield* Effect.flip(cloud.provision({ ...request, tags: makeTags(), token: NodeToken.make(ulid()), ranks: [0, 1] }))
      assert.include(refusal.message, "ssh/rack has 1 machine that is free and fits, 2 are wanted")
      assert.strictEqual(pool.servers.flatMap((server) => leaseOf(pool, { host: pool.hostOf(server) })).length, 1)
    })
  )

  live("that is reached at its own loopback has another address in a gang; with no other it is none of a gang", 2, (pool, cloud) =>
    Effect.gen(function* () {
      const [server, other] = pool.servers
      const programs = (ip: string, names: string) => {
        write(server!.home, { "bin/ip": `#!/bin/sh\n${ip}\n`, "bin/hostname": `#!/bin/sh\n${names}\n` })
        for (const name of ["ip", "hostname"]) chmodSync(join(server!.home, "bin", name), 0o755)
      }
      server!.knobs.path = `${join(server!.home, "bin")}:${server!.knobs.path}`
      server!.knobs.reachedAt = "127.0.0.1"
      programs("echo '192.0.2.1 via 10.0.0.1 dev eth0 src 10.0.0.7 uid 0'", "exit 1")
      const { nodes, refs } = yield* makeNodes(cloud, [0, 1])
      assert.deepStrictEqual(
        nodes.map(({ address }) => address),
        ["10.0.0.7", other!.knobs.reachedAt]
      )
      for (const ref of refs) yield* cloud.terminate(ref)
      programs("exit 2", "exit 1")
      const late = yield* pool.daemon
      const why = "it has no address but its own loopback, at which no other node reaches it"
      assert.include((yield* late.offers({ num_nodes: 2 })).reason, why)
      const [offer] = (yield* late.offers({})).offers
      const request = { tags: makeTags(), token: NodeToken.make(ulid()), ranks: [0, 1], offer: offer! }
      assert.include((yield* Effect.flip(late.provision(request))).message, `${pool.hostOf(server!)}: ${why}`)
      const tags = makeTags()
      const alone = yield* makeNodes(late, [0], tags)
      assert.strictEqual(alone.refs[0]!.host, pool.hostOf(server!))
      const joined = yield* makeNodes(late, [1], tags)
      const gang = late.peers!([...alone.refs, ...joined.refs])
      assert.deepInclude({ ...(yield* Effect.flip(gang)) }, { kind: "Refused", code: "NoAddress" })
    })
  )

  live("that shares its home with another is said to, whether that one is had already or is to be in the same gang", 2, (pool, cloud) =>
    Effect.gen(function* () {
      const [server, other] = pool.servers
      symlinkSync(join(server!.home, ".skyd-node"), join(other!.home, ".skyd-node"))
      mkdirSync(join(server!.home, ".skyd-node"), { mode: 0o700 })
      write(other!.home, { "bin/uname": `#!/bin/sh\nif [ "$1" = -n ]; then echo other; else PATH=/usr/bin:/bin exec uname "$@"; fi\n` })
      chmodSync(join(other!.home, "bin/uname"), 0o755)
      other!.knobs.path = `${join(other!.home, "bin")}:${other!.knobs.path}`
      const [offer] = (yield* cloud.offers({})).offers
      const request = { tags: makeTags(), token: NodeToken.make(ulid()), ranks: [0, 1], offer: offer! }
      const gang = yield* Effect.flip(cloud.provision(request))
      assert.match(
        gang.message,
        /has 1 machine that is free and fits, 2 are wanted \(\S+: it shares its home with 10\.0\.0\.[12], which 'train' has/
      )
      assert.deepStrictEqual(leaseOf(pool, { host: pool.hostOf(server!) }), [])
      const { nodes, request: had } = yield* makeNodes(cloud, [0])
      const late = yield* pool.daemon
      const why = `it shares its home with ${server!.knobs.reachedAt}, which 'train' has: skyd needs a home of its own on each machine`
      assert.include((yield* late.offers({})).reason, `${pool.hostOf(other!)}: ${why}`)
      // The node is on the one, and not on the other as well.
      assert.deepStrictEqual(
        (yield* late.owned(had.tags.log)).owned.map(({ host }) => host),
        [nodes[0]!.host]
      )
      pool.pool([other!, server!])
      assert.deepStrictEqual(yield* (yield* pool.daemon).provision(inherited(had)), nodes)
    })
  )

  live("is named as short of others by what the whole gang wants, and not as taken by the gang itself", 3, (pool, cloud) =>
    Effect.gen(function* () {
      const [tags, token] = [makeTags(), NodeToken.make(ulid())]
      const { request } = yield* makeNodes(cloud, [0], tags, token)
      yield* makeNodes(cloud, [5], tags)
      yield* makeNodes(cloud, [0], { ...makeTags(), clusterName: ClusterName.make("other") })
      const refusal = yield* Effect.flip(cloud.provision({ ...request, ranks: [0, 1] }))
      assert.include(refusal.message, "ssh/rack has 1 machine that is free and fits, 2 are wanted (")
      assert.include(refusal.message, "leased by 'other'")
      assert.include(refusal.message, "it has another node of this cluster")
      assert.notInclude(refusal.message, "'train'")
      assert.strictEqual(pool.servers.flatMap((server) => leaseOf(pool, { host: pool.hostOf(server) })).length, 2)
    })
  )

  live("that has a rank and cannot be made ready is asked again later, and loses nothing", 2, (pool, cloud) =>
    Effect.gen(function* () {
      const token = NodeToken.make(ulid())
      const { nodes, request } = yield* makeNodes(cloud, [0], makeTags(), token)
      const server = pool.serverOf(nodes[0]!)
      const agent = join(server.home, ".skyd-node/agent")
      rmSync(agent, { recursive: true })
      writeFileSync(agent, "")
      const waits = yield* Effect.flip(cloud.provision({ ...request, ranks: [0, 1] }))
      assert.deepInclude({ ...waits }, { kind: "Transient", code: "Unusable" })
      assert.include(waits.message, "cannot be written on")
      rmSync(agent)
      const again = yield* cloud.provision({ ...request, ranks: [0, 1] })
      assert.deepStrictEqual(again[0], nodes[0])
      yield* cloud.terminate({ tags: request.tags, region: "rack", zone: null, ...again[1]! })
    })
  )

  live("that has a rank and is lost while it is made ready is asked again later", 1, (pool, cloud) =>
    Effect.gen(function* () {
      const { nodes, request } = yield* makeNodes(cloud, [0])
      const [server] = pool.servers
      rmSync(join(server!.home, ".skyd-node/agent"), { recursive: true })
      const { path } = server!.knobs
      const reached = hang(server!)
      const asking = yield* Effect.forkChild(Effect.flip(cloud.provision(request)))
      yield* Effect.promise(async () => {
        while (!existsSync(reached)) await setImmediate()
        server!.cut()
      })
      assert.deepInclude({ ...(yield* Fiber.join(asking)) }, { kind: "Transient", code: "Lost" })
      server!.knobs.path = path
      assert.deepStrictEqual(yield* cloud.provision(request), nodes)
    })
  )

  live("that is not reached is named where one of ours may be on it, and only there", 2, (pool, cloud) =>
    Effect.gen(function* () {
      const { refs } = yield* makeNodes(cloud, [0])
      const silent = Effect.map(cloud.owned(null), ({ owned, unclear }) => [
        owned.map(({ host }) => host),
        unclear.map((why) => why.split(" ")[0])
      ])
      assert.deepStrictEqual(yield* silent, [[refs[0]!.host], []])
      for (const server of pool.servers) server.knobs.refuseAuth = true
      for (const server of pool.servers) server.cut()
      assert.deepStrictEqual(yield* silent, [[], [refs[0]!.host]])
      // What has a node that is known has no other.
      assert.deepStrictEqual((yield* cloud.owned(null, ({ host, region }) => region === "rack" && host === refs[0]!.host)).unclear, [])
      // Another daemon over the same folder, whose log may know nothing of it.
      assert.deepStrictEqual((yield* (yield* pool.daemon).owned(null)).unclear.length, 1)
      for (const server of pool.servers) server.knobs.refuseAuth = false
      yield* cloud.terminate(refs[0]!)
      for (const server of pool.servers) server.knobs.refuseAuth = true
      for (const server of pool.servers) server.cut()
      assert.deepStrictEqual(yield* silent, [[], []])
    })
  )

  live("that two ask for in the same moment is had by one of them", 2, (pool, cloud) =>
    Effect.gen(function* () {
      const other = yield* pool.daemon
      const [one, two] = yield* Effect.all([makeNodes(cloud, [0]), makeNodes(other, [0])], { concurrency: 2 })
      assert.notStrictEqual(one.refs[0]!.host, two.refs[0]!.host)
    })
  )

  live("has what it has: an offer for two says what both have at least, and why a machine is none of them", 2, (pool, cloud) =>
    Effect.gen(function* () {
      const { offers } = yield* cloud.offers({ num_nodes: 2, resources: { cloud: "ssh", region: "rack", cpus: 1 } })
      assert.deepInclude(offers[0], { cloud: "ssh", region: "rack", usdPerHour: 0, accelerators: null })
      const { reason } = yield* cloud.offers({ num_nodes: 3 })
      assert.strictEqual(reason, "ssh/rack has only 2 machines, 3 are wanted")
      yield* Effect.promise(() => pool.servers[1]!.stop())
      const gone = yield* (yield* pool.daemon).offers({ resources: { accelerators: "H100:8" } })
      assert.include(gone.reason, `${pool.hostOf(pool.servers[0]!)}: it has no accelerators, H100:8 was asked for`)
      assert.include(gone.reason, `${pool.hostOf(pool.servers[1]!)}: connection refused`)
    })
  )

  live("that is not reached is not known, says why, and is nothing that stopped; the others are told", 2, (pool, cloud) =>
    Effect.gen(function* () {
      const { refs } = yield* makeNodes(cloud, [0, 1])
      yield* Effect.promise(() => pool.serverOf(refs[1]!).stop())
      const [here, lost] = yield* cloud.query(refs)
      assert.strictEqual(here!.state, "running")
      assert.deepInclude(lost, { state: "unknown", down: false })
      assert.match(lost!.reason ?? "", /connection/)
      assert.strictEqual((yield* Effect.flip(cloud.terminate(refs[1]!))).kind, "Transient")
    })
  )

  live("whose key has changed is told nothing", 1, (pool, cloud) =>
    Effect.gen(function* () {
      const ref = yield* makeNode(cloud)
      assert.strictEqual(ref.hostKey, pool.serverOf(ref).hostKey)
      pool.serverOf(ref).changeHostKey()
      pool.serverOf(ref).cut()
      const { reason, state } = yield* stateOf(cloud, ref)
      assert.strictEqual(state, "unknown")
      assert.include(reason, "the host key of")
      assert.include((yield* Effect.flip(cloud.installAgent(ref))).message, "the host key of")
    })
  )

  live("whose lease cannot be read is somebody's, and keeps nobody from the others", 2, (pool, cloud) =>
    Effect.gen(function* () {
      const [broken, other] = pool.servers
      for (const torn of ["{torn", "null", "{}"]) {
        write(broken!.home, { ".skyd-node/lease/a-node": torn })
        const { reason } = yield* (yield* pool.daemon).offers({ num_nodes: 2 })
        assert.include(reason, `${pool.hostOf(broken!)}: leased by somebody: .skyd-node/lease there cannot be read`)
      }
      assert.deepInclude((yield* cloud.machines!(null))[0], { status: "leased", clusterName: null })
      assert.strictEqual((yield* makeNode(cloud)).host, pool.hostOf(other!))
    })
  )

  live("that the file has no more is not forgotten: how to log in is not known, and it works again with it", 2, (pool, cloud) =>
    Effect.gen(function* () {
      const ref = yield* makeNode(cloud)
      pool.pool([pool.servers[1]!])
      assert.include((yield* stateOf(cloud, ref)).reason, "has it no more")
      pool.pool(pool.servers)
      assert.strictEqual((yield* stateOf(cloud, ref)).state, "running")
    })
  )

  live("is another user's once the file says so: nothing is done in the home of the one before", 1, (pool, cloud) =>
    Effect.gen(function* () {
      const ref = yield* makeNode(cloud)
      const [server] = pool.servers
      const before = server!.home
      server!.home = yield* tempFolder
      pool.pool(pool.servers, "another")
      assert.strictEqual((yield* stateOf(cloud, ref)).state, "missing")
      assert.deepInclude((yield* cloud.machines!(null))[0], { status: "free" })
      assert.strictEqual((yield* makeNode(cloud)).host, ref.host)
      server!.home = before
      pool.pool(pool.servers)
      assert.strictEqual((yield* stateOf(cloud, ref)).state, "running")
    })
  )

  live("gets our program again where it was removed", 1, (pool, cloud) =>
    Effect.gen(function* () {
      const ref = yield* makeNode(cloud)
      rmSync(join(pool.serverOf(ref).home, ".skyd-node/agent"), { recursive: true })
      assert.strictEqual((yield* stateOf(cloud, ref)).state, "running")
    })
  )

  live("is brought a Node where it has none that is new enough", 1, (pool, cloud) =>
    Effect.gen(function* () {
      const { home, knobs } = pool.servers[0]!
      write(home, { "bin/node": "#!/bin/sh\necho v18.19.0\n", ".profile": `PATH=${home}/bin:/usr/bin:/bin\n` })
      chmodSync(join(home, "bin/node"), 0o755)
      knobs.path = `${home}/bin:/usr/bin:/bin`
      if (existsSync("/usr/local/bin/node")) return
      const [machine] = yield* cloud.machines!(null)
      assert.deepInclude(machine, { status: "free", node: null })
      const ref = yield* makeNode(cloud)
      const brought = join(home, ".skyd-node/node", process.version, "bin/node")
      assert.strictEqual(statSync(brought).mode & 0o777, 0o700)
      yield* cloud.installAgent(ref)
      assert.strictEqual((yield* helloOf(cloud, ref)).node, ref.node)
      assert.deepInclude((yield* cloud.machines!("rack"))[0], { status: "leased", clusterName: "train", node: process.version })
    })
  )

  live("whose server connects nobody to sockets is asked by a program; where no agent is, that is said either way", 2, (pool, cloud) =>
    Effect.gen(function* () {
      const { refs } = yield* makeNodes(cloud, [0, 1])
      pool.serverOf(refs[1]!).knobs.allowSockets = false
      pool.serverOf(refs[1]!).cut()
      yield* stateOf(cloud, refs[1]!)
      for (const ref of refs) {
        const { kind, message } = yield* Effect.flip(cloud.connectAgent(ref))
        assert.strictEqual(kind, "Transient")
        assert.match(message, /no agent/)
        yield* cloud.installAgent(ref)
        assert.strictEqual((yield* helloOf(cloud, ref)).node, ref.node)
      }
    })
  )

  live("that is lost while it is made ready is asked for again, not given up", 1, (pool, cloud) =>
    Effect.gen(function* () {
      const [server] = pool.servers
      const { path } = server!.knobs
      const reached = hang(server!)
      const [tags, token] = [makeTags(), NodeToken.make(ulid())]
      const making = yield* Effect.forkChild(Effect.flip(makeNodes(cloud, [0], tags, token)))
      yield* Effect.promise(async () => {
        while (!existsSync(reached)) await setImmediate()
        server!.cut()
      })
      assert.deepInclude({ ...(yield* Fiber.join(making)) }, { kind: "Transient", code: "NotReached" })
      server!.knobs.path = path
      assert.deepStrictEqual(leaseOf(pool, { host: pool.hostOf(server!) }), [])
      assert.lengthOf((yield* makeNodes(cloud, [0], tags, token)).refs, 1)
    })
  )

  live("that cannot be made ready is passed over, and named where no other is left", 2, (pool, cloud) =>
    Effect.gen(function* () {
      const { home, knobs } = pool.servers[0]!
      write(home, { "bin/uname": "#!/bin/sh\necho Plan9\n" })
      chmodSync(join(home, "bin/uname"), 0o755)
      knobs.path = `${home}/bin:/usr/bin:/bin`
      if (existsSync("/usr/local/bin/node")) return
      const { refs, request } = yield* makeNodes(cloud, [0])
      assert.strictEqual(refs[0]!.host, pool.hostOf(pool.servers[1]!))
      const refusal = yield* Effect.flip(cloud.provision({ ...request, tags: makeTags(), token: NodeToken.make(ulid()) }))
      assert.deepInclude({ ...refusal }, { kind: "Refused", code: "NoCapacity" })
      assert.include(refusal.message, "has no Node 22 or newer")
      assert.deepStrictEqual(leaseOf(pool, { host: pool.hostOf(pool.servers[0]!) }), [])
    })
  )

  live("keeps a workdir that was there before, and loses one that came with the cluster", 2, (pool, cloud) =>
    Effect.gen(function* () {
      for (const server of pool.servers.slice(0, 1)) mkdirSync(join(server.home, "sky_workdir"))
      const { refs } = yield* makeNodes(cloud, [0, 1])
      const workdirs = pool.servers.map(({ home }) => join(home, "sky_workdir"))
      for (const ref of refs) yield* cloud.installAgent(ref)
      for (const path of workdirs) {
        mkdirSync(path, { recursive: true })
        writeFileSync(join(path, "mine"), "")
      }
      for (const ref of refs) yield* cloud.terminate(ref)
      assert.deepStrictEqual(workdirs.map(existsSync), [true, false])
    })
  )
})

describe("a daemon that began anew", () => {
  live("finds the machines of a token where they are", 3, (pool, cloud) =>
    Effect.gen(function* () {
      const token = makeToken()
      const first = yield* makeNodes(cloud, [1], makeTags(), token)
      const again = yield* (yield* pool.daemon).provision(inherited({ ...first.request, ranks: [0, 1] }))
      assert.deepStrictEqual(again[1], first.nodes[0])
      const leases = pool.servers.flatMap((server) => leaseOf(pool, { host: pool.hostOf(server) }))
      assert.sameMembers(leases, [`${token}-0`, `${token}-1`])
      for (const { host, node, rank } of again) {
        const place = { region: "rack", zone: null, address: null, host, hostKey: null }
        yield* cloud.terminate({ tags: first.request.tags, rank, node, ...place })
      }
    })
  )

  live("that answered a moment ago and does no more is no lack of machines: it is asked again", 1, (pool, cloud) =>
    Effect.gen(function* () {
      const [offer] = (yield* cloud.offers({})).offers
      const [server] = pool.servers
      server!.knobs.refuseAuth = true
      server!.cut()
      const request = { tags: makeTags(), token: NodeToken.make(ulid()), ranks: [0], offer: offer! }
      const waits = yield* Effect.flip(cloud.provision(request))
      assert.deepInclude({ ...waits }, { kind: "Transient", code: "NotReached" })
      assert.include(waits.message, pool.hostOf(server!))
      // Who has never seen it looks elsewhere.
      const other = yield* pool.daemon
      assert.deepInclude({ ...(yield* Effect.flip(other.provision({ ...request, token: NodeToken.make(ulid()) }))) }, { kind: "Refused" })
      server!.knobs.refuseAuth = false
      const [given] = yield* cloud.provision(request)
      assert.strictEqual(given!.host, pool.hostOf(server!))
      yield* cloud.terminate({ tags: request.tags, region: offer!.region, zone: null, ...given! })
    })
  )

  live("waits for a machine that may have one, and takes no other in its place", 2, (pool, cloud) =>
    Effect.gen(function* () {
      const token = makeToken()
      const { refs, request } = yield* makeNodes(cloud, [0], makeTags(), token)
      const server = pool.serverOf(refs[0]!)
      server.knobs.refuseAuth = true
      server.cut()
      const other = yield* pool.daemon
      const waits = yield* Effect.flip(other.provision(inherited(request)))
      assert.deepInclude({ ...waits }, { kind: "Transient", code: "Unsure" })
      assert.include(waits.message, pool.hostOf(server))
      // A wish of its own needs no word of it.
      const own = yield* makeNodes(other, [0])
      assert.notStrictEqual(own.refs[0]!.host, refs[0]!.host)
      server.knobs.refuseAuth = false
      assert.strictEqual((yield* other.provision(inherited(request)))[0]!.host, refs[0]!.host)
    })
  )
})
