/** What an agent refuses, as it crosses the socket. Anything else that is thrown is an InternalError. */
interface WireFailure {
  readonly tag: string
  readonly message: string
  readonly hint: string | null
  readonly exitCode: number
  readonly fields: object
}

export class AgentFailure extends Error {
  readonly tag: string
  readonly hint: string | null
  readonly exitCode: number

  constructor(tag: string, message: string, exitCode: number, hint: string | null = null) {
    super(message)
    this.tag = tag
    this.hint = hint
    this.exitCode = exitCode
  }
}

export const valueError = (message: string) => new AgentFailure("ValueError", message, 2)
export const badFrame = (message: string) => new AgentFailure("BadFrame", message, 2)
/** When the agent serves another cluster or node than the one asked for. */
export const anotherNode = (message: string) => new AgentFailure("AnotherNode", message, 6)
/** When the cluster is being stopped and takes no more work. */
export const halted = () => new AgentFailure("Halted", "the cluster is being stopped: it takes no job until it is started again", 6)
export const jobDoesNotExist = (message: string) => new AgentFailure("JobDoesNotExist", message, 5)

export const toWire = (cause: unknown): WireFailure =>
  cause instanceof AgentFailure
    ? { tag: cause.tag, message: cause.message, hint: cause.hint, exitCode: cause.exitCode, fields: {} }
    : { tag: "InternalError", message: cause instanceof Error ? cause.message : String(cause), hint: null, exitCode: 1, fields: {} }
