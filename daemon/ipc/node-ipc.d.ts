/** node-ipc 14 ships no types; this is the part that we use. */
declare module "node-ipc" {
  import type { Server, Socket } from "node:net"
  export class IPCModule {
    config: Record<string, unknown>
    server: {
      server: Server
      on(type: string, listener: (...args: ReadonlyArray<never>) => void): void
      emit(socket: Socket, type: string, data: unknown): boolean
      start(): void
      stop(): void
    }
    serve(path: string, started: () => void): void
  }
}

declare module "node-ipc/parsers" {
  export class IPCProtocolError extends Error {
    code: string
  }
  export class GuardedParser {
    constructor(config: Record<string, unknown>)
    maxMessageSize: number
    encode(type: string, data: unknown): string
    decodeMessage(frame: string): { type: string; data: unknown }
    read(buffer: string, data: string, receive: (message: { type: string; data: unknown }) => void): string
  }
}
