/** Pages for operators (health, metrics), for clients that look around, and for a person who opened an invitation in a browser. */
import { timingSafeEqual, createHash } from "node:crypto";
import type { FastifyInstance } from "fastify";
import type { AppOptions } from "./app.ts";
import { invitationPage, invitationPolicy } from "./invitation-page.ts";

export const apiVersion = 1;

export function addPages(app: FastifyInstance, { config, metrics, notReady }: AppOptions): void {
  app.get("/livez", async () => ({ live: true }));
  app.get("/readyz", async (_request, reply) => {
    const problem = await notReady();
    return problem === undefined ? { ready: true } : reply.status(503).send({ ready: false, problem });
  });
  app.get("/v1/info", async () => ({ name: "photon", api: [apiVersion], roles: config.roles }));
  app.get("/i", async (_request, reply) =>
    reply
      .header("content-type", "text/html; charset=utf-8")
      .header("content-security-policy", invitationPolicy)
      .header("cache-control", "public, max-age=3600")
      .send(invitationPage),
  );
  if (!config.metrics.enabled) return;
  const { token } = config.metrics;
  app.get("/metrics", async (request, reply) => {
    if (token !== undefined && !sameSecret(request.headers.authorization ?? "", `Bearer ${token}`)) {
      return reply.status(401).header("www-authenticate", "Bearer").send({ error: "the metrics token is missing or wrong" });
    }
    return reply.header("content-type", metrics.contentType).send(await metrics.text());
  });
}

function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
