/** An attached setup's next step: on every node, and when all have ended, what to say of it. A failing node lets the others finish. */
import { areOver, endAll, exitsOf, haveBegun, type Member, pidsOf, startAll } from "./gang.ts"
import type { Head } from "./Head.ts"
import { secretsOf, setupKey, setupOrder } from "./orders.ts"
import { describeFailure, type Exit, firstFailure } from "./outcome.ts"
import type { Setup, SetupEnded } from "./records.ts"
import { lostSecrets } from "./submission.ts"

const shownLines = 10

/** Their last lines are being read. */
const ended = new WeakSet<Setup>()

export const advanceSetup = (head: Head, setup: Setup) => {
  const { operation } = setup.spec
  const members = head.hosts.map((host, rank) => ({
    host,
    key: setupKey(operation),
    rank,
    order: () => setupOrder(head.folder, head.peers, setup.spec, rank)
  }))
  if (setup.ending === null && !haveBegun(head, members) && secretsOf(head.folder, setupKey(operation), setup.spec) === null)
    head.store.append({ type: "endingSetup", operations: [operation], reason: lostSecrets })
  if (setup.ending !== null) endAll(members)
  else startAll(members)
  const exits = exitsOf(head, members)
  if (!areOver(exits) || ended.has(setup)) return
  ended.add(setup)
  end(head, setup, members, exits)
}

const end = async (head: Head, setup: Setup, members: ReadonlyArray<Member>, exits: ReadonlyArray<Exit>) => {
  const failure = firstFailure(exits)
  const fact: SetupEnded = {
    _tag: "SetupEnded",
    operation: setup.spec.operation,
    returnCodes: exits.map(({ code }) => code),
    failedRank: failure?.rank ?? null,
    lastLines: [],
    reason: setup.ending ?? (failure === null ? null : describeFailure(failure.rank, failure.exit))
  }
  const pids = pidsOf(members)
  const failed = failure === null ? undefined : members[failure.rank]
  const read = ({ host, order }: Member) => {
    const { log, secrets } = order()
    return host.lastLines(log, shownLines, Object.values(secrets)).catch(() => [])
  }
  const lastLines = failed === undefined ? [] : await read(failed)
  await head.reports.tell({ ...fact, lastLines }, pids)
}
