/** What an agent answers: the methods of the protocol, and those (`rank.*`) by which a head works its workers' agents. */
import type { Ended } from "../sdk/agent/node-folder.ts"
import type { AgentHello, AgentMethods, JournalEntry, Unreached } from "../sdk/agent/protocol.ts"
import type { Agent } from "./Agent.ts"
import { anotherNode, valueError } from "./failures.ts"
import type { Head } from "./Head.ts"
import type { LogsParams } from "./logs.ts"
import { lose } from "./queue.ts"
import type { RankOrder } from "./rank-files.ts"
import { lastLines } from "./read-log.ts"
import type { Method, Stream } from "./Server.ts"
import { type RankLogs, streamRank } from "./stream-rank.ts"
import { areVariables, isSafeName } from "./submission.ts"

interface RankLines {
  readonly log: string
  readonly count: number
  readonly secrets?: ReadonlyArray<string>
}

type Params<Name extends keyof AgentMethods> = AgentMethods[Name][0]

const never = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener("abort", () => resolve())
  })

/** These last as long as somebody looks. */
const onlyLooking: ReadonlySet<string> = new Set(["journal.follow", "logs", "unreached"])

/** The cluster does not stop itself while it is being told what to do. */
const keptAwake = (agent: Agent, methods: Readonly<Record<string, Method>>): Readonly<Record<string, Method>> =>
  Object.fromEntries(
    Object.entries(methods).map(([name, method]): [string, Method] =>
      onlyLooking.has(name) ? [name, method] : [name, (params, stream) => agent.autostop!.during(() => method(params, stream))]
    )
  )

/** The node was started since it stopped itself: a daemon that has not heard of it yet would stop it again. */
const current = ({ store }: Head, entry: JournalEntry) =>
  entry.fact._tag === "AutostopFired" && entry.n <= store.state.startedEntry ? { ...entry, fact: { ...entry.fact, past: true } } : entry

const headMethods = (agent: Agent, head: Head) => ({
  configure: async ({ peers }: Params<"configure">) => {
    await head.configure(peers)
    for (const host of head.hosts) host.tryAgain()
  },
  "journal.follow": async ({ after }: Params<"journal.follow">, stream: Stream) => {
    const stop = head.journal.follow(after, (entries) => {
      for (const entry of entries) stream.send("entry", { journal: head.journal.id, entry: current(head, entry), sentAtMs: Date.now() })
    })
    await never(stream.signal)
    stop()
  },
  "journal.acknowledge": ({ upTo }: Params<"journal.acknowledge">) => {
    head.journal.acknowledge(upTo, () => head.store.syncNow())
  },
  submit: ({ jobs }: Params<"submit">) => head.submit(jobs),
  setup: (spec: Params<"setup">) => {
    if (!isSafeName(spec.operation) || !isSafeName(spec.runTimestamp)) throw valueError("a setup needs an operation and a runTimestamp")
    if (!areVariables(spec.envs) || (spec.secrets !== null && !areVariables(spec.secrets)))
      throw valueError("a setup's envs and secrets are texts by name, without NUL characters")
    return head.setup(spec)
  },
  "setup.cancel": ({ operation }: Params<"setup.cancel">) => head.cancelSetup(operation),
  cancel: ({ jobs }: Params<"cancel">) => head.cancel(jobs),
  autostop: ({ setting, idleMinutes, down }: Params<"autostop">) => agent.autostop!.set({ setting, idleMinutes, down }),
  unreached: (): Unreached => ({
    nodes: head.hosts.flatMap(({ peer, reachable, why }) => (reachable ? [] : [{ rank: peer.rank, node: peer.node, why }]))
  }),
  lost: async ({ nodes }: Params<"lost">) => {
    lose(head, nodes)
    await head.store.settled
  },
  activity: () => agent.autostop!.activity(),
  logs: (params: LogsParams, stream: Stream) => agent.logs!.stream(params, stream),
  halt: async ({ reason }: Params<"halt">) => ({ lastEntry: await head.halt(reason) }),
  resume: () => head.store.append({ type: "resumed" })
})

/** From a head, if it names itself, or from whoever owns the node. */
type FromHead = Pick<RankOrder, "head">
interface Exit extends FromHead {
  readonly how: Ended["how"]
}

const ordered =
  <Order extends FromHead>(agent: Agent, obey: (order: Order) => unknown) =>
  (order: Order) => {
    agent.ranks.mustHeed(order.head)
    return obey(order)
  }

const nodeMethods = (agent: Agent) => ({
  hello: ({ cluster, node }: Params<"hello">): AgentHello => {
    const hello = agent.hello()
    if (hello.cluster !== cluster || hello.node !== node)
      throw anotherNode(`this is the agent of node ${hello.node} of cluster ${hello.cluster}`)
    return hello
  },
  // A head says it of a cluster that ends itself, nobody else.
  exit: ordered(agent, ({ head, how }: Exit) => agent.exit({ how, by: head === undefined ? "request" : "autostop", atMs: Date.now() })),
  "rank.start": ordered(agent, (order: RankOrder) => agent.ranks.start(order)),
  "rank.end": ordered(agent, ({ key, rank }: RankOrder) => agent.ranks.end(key, rank)),
  "rank.forget": ordered(agent, async ({ head, key, rank }: RankOrder) => {
    // A start that was said before it waits for the same: if it came to its rank only when that is forgotten, it would run it again.
    if (head !== undefined) await agent.ranks.heed(head)
    agent.ranks.forget(key, rank)
  }),
  "rank.lines": async ({ log, count, secrets = [] }: RankLines) => ({
    lines: await lastLines(`${agent.folder.home}/${log}`, count, secrets)
  }),
  "rank.logs": (wish: RankLogs, stream: Stream) => streamRank(agent.folder, agent.ranks, wish, stream),
  "rank.watch": async ({ head }: FromHead, stream: Stream) => {
    if (head !== undefined) await agent.ranks.heed(head)
    const { cpus, accelerators } = agent.folder.identity
    stream.send("rank", { capacity: { cpus, accelerators } })
    for (const view of agent.ranks.views()) stream.send("rank", { view })
    const stop = agent.ranks.watch((view) => stream.send("rank", { view }))
    await never(stream.signal)
    stop()
  }
})

export const methodsOf = (agent: Agent): Readonly<Record<string, Method>> => ({
  ...nodeMethods(agent),
  ...(agent.head === null ? {} : keptAwake(agent, headMethods(agent, agent.head)))
})
