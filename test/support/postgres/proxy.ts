import { connect, createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

/** A way to a server that can be cut. */
export interface PostgresProxy {
  /** The URL of the server by this way. */
  readonly url: string;
  /** Cuts the connection in place of this answer to the COMMIT of a load, from 1 from now on. */
  cutAnswer(number: number): void;
  /** Cuts the connection as soon as this COMMIT of a load was passed on, counted from now on, from 1. */
  cutBehind(number: number): void;
  /** At the next cut all connections are, and so many that come then are turned away. */
  turnAway(connections: number): void;
  /** Lets everybody in again. */
  letIn(): void;
  close(): Promise<void>;
}

/** Makes a way to the server of a URL. */
export async function proxyTo(url: string): Promise<PostgresProxy> {
  const target = new URL(url);
  const { port, hostname } = target;
  const sockets = new Set<Socket>();
  let [answers, asked, away] = [0, 0, 0];
  let [answerToCut, questionToCut, toTurnAway] = [0, 0, 0];
  const server: Server = createServer((client) => {
    if (away > 0) {
      away--;
      return void client.destroy();
    }
    const remote = connect(Number(port), hostname);
    const cut = () => {
      if (toTurnAway > 0) sockets.forEach((socket) => socket.end());
      away = toTurnAway;
      toTurnAway = 0;
      client.destroy();
      remote.end(); // What was passed on is still read.
    };
    for (const socket of [client, remote]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => (client.destroy(), remote.end(), sockets.delete(socket)));
    }
    let since = ""; // What the server has said in the transaction of this connection.
    const isOfLoad = () => since.includes("INSERT 0 ") && since.includes("UPDATE 1");
    client.on("data", (data) => {
      if (remote.writable) remote.write(data);
      const text = data.toString("latin1");
      if (/\bbegin\b/i.test(text)) since = "";
      const isCommit = /commit\0/i.test(text);
      if (isCommit && isOfLoad() && ++asked === questionToCut) cut();
    });
    remote.on("data", (data) => {
      since += data.toString("latin1");
      if (since.includes("COMMIT\0")) {
        const isLoad = isOfLoad();
        since = "";
        if (isLoad && ++answers === answerToCut) return cut();
      }
      if (client.writable) client.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  target.port = String((server.address() as AddressInfo).port);
  return {
    url: target.href,
    cutAnswer: (number) => void ([answerToCut, questionToCut] = [answers + number, 0]),
    cutBehind: (number) => void ([answerToCut, questionToCut] = [0, asked + number]),
    turnAway: (connections) => void (toTurnAway = connections),
    letIn: () => void (away = 0),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
