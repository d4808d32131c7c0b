/**
 * Kept connections: one for each machine and login, made when it is first asked for, shared by all, dropped when it breaks or is idle for
 * some minutes. A machine whose channels are all held by streams gets another one. Never more than one connect at a time for each.
 */

import type { Connection } from "./Connection.ts"
import { type ConnectOptions, connect } from "./connect.ts"
import { RemoteError, remoteError } from "./RemoteError.ts"
import type { Target } from "./Target.ts"

export interface KeepOptions extends Omit<ConnectOptions, "jumpTo"> {
  readonly idleMs?: number
}

interface Machine {
  readonly connections: Array<Connection>
  connecting: { readonly hostKey: string | null; readonly made: Promise<Connection> } | undefined
}

const idleMsUsual = 5 * 60_000
/** To one machine, whose server may allow one channel on each. */
const connectionsMax = 32
/** The others have room for what ends: they never hold what lasts for as long as somebody follows it. */
const lastingMax = 24

/** Whether it ends with some work, or lasts: who follows logs must not keep others from working there. */
export type Span = "ends" | "lasts"

/**
 * The key that it must have is not among what it is known by: a kept connection has shown its key, or one that stands for it in
 * known_hosts.
 */
const nameOf = ({ hostKey: _, ...rest }: Target): string => JSON.stringify(rest)
const fits = ({ hostKey: shown, isOpen, target }: Connection, { hostKey }: Target) =>
  isOpen && (hostKey === null || hostKey === shown || hostKey === target.hostKey)

export class KeptConnections {
  private readonly machines = new Map<string, Machine>()
  private readonly options: KeepOptions
  private closed = false

  constructor(options: KeepOptions = {}) {
    this.options = options
  }

  /** On a connection to the machine that has room for it. */
  async use<A>(target: Target, work: (connection: Connection) => Promise<A>, span: Span = "ends"): Promise<A> {
    const full = new Set<Connection>()
    for (;;) {
      const connection = await this.connection(target, full, span)
      try {
        return await work(connection)
      } catch (error) {
        if (!(error instanceof RemoteError) || error.kind !== "ChannelsTaken") throw error
        full.add(connection)
      }
    }
  }

  close(): void {
    this.closed = true
    for (const connection of [...this.machines.values()].flatMap(({ connections }) => connections)) connection.close()
  }

  private async connection(target: Target, full: ReadonlySet<Connection>, span: Span = "ends"): Promise<Connection> {
    const name = nameOf(target)
    const most = span === "lasts" ? lastingMax : connectionsMax
    for (;;) {
      const machine = this.machines.get(name) ?? { connections: [], connecting: undefined }
      this.machines.set(name, machine)
      const kept = machine.connections.slice(0, most).find((one) => fits(one, target) && one.hasRoom && !full.has(one))
      if (kept !== undefined) return kept
      if (machine.connections.length >= most)
        throw remoteError(
          "ChannelsTaken",
          target,
          `${target.name} is followed by so many at once that no more is let in: end one of them first`
        )
      if (machine.connecting === undefined) {
        const made = this.connect(target, machine).finally(() => {
          machine.connecting = undefined
          this.forgetIfEmpty(name)
        })
        machine.connecting = { hostKey: target.hostKey, made }
        return made
      }
      const { hostKey, made } = machine.connecting
      // What another asked for may do for us as well; its failure is ours, unless it wants another key than we do.
      await made.catch((error: RemoteError) => {
        if (hostKey === target.hostKey || error.kind !== "HostKeyChanged") throw error
      })
    }
  }

  private async connect(target: Target, machine: Machine): Promise<Connection> {
    if (this.closed) throw remoteError("Interrupted", target, "the daemon ends")
    const connection = await connect(target, { ...this.options, jumpTo: (jump) => this.connection(jump, new Set()) })
    if (this.closed) {
      connection.close()
      throw remoteError("Interrupted", target, "the daemon ends")
    }
    machine.connections.push(connection)
    this.closeWhenIdle(connection)
    connection.whenClosed(() => {
      machine.connections.splice(machine.connections.indexOf(connection), 1)
      this.forgetIfEmpty(nameOf(target))
    })
    return connection
  }

  private forgetIfEmpty(name: string): void {
    const machine = this.machines.get(name)
    if (machine?.connections.length === 0 && machine.connecting === undefined) this.machines.delete(name)
  }

  private closeWhenIdle(connection: Connection): void {
    const { idleMs = idleMsUsual } = this.options
    let timer: NodeJS.Timeout | undefined
    connection.onChange = () => {
      clearTimeout(timer)
      if (!connection.isBusy && connection.isOpen) timer = setTimeout(() => connection.close(), idleMs).unref()
    }
    connection.onChange()
  }
}
