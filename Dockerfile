# The training API as a container; all that it installs comes from the registry of npm.
#
#   docker build --target server -t isoflop .          # simulated worlds and recorded runs
#   docker build --target worker -t isoflop-worker .   # makes trainings on the corpus in /corpus that a server asks for (docs/workers.md)
#   docker run -p 8000:8000 -v isoflop:/data isoflop
#
# Keys, runs and trainings are kept in /data, or in PostgreSQL where DATABASE_URL is set. Other commands: docker run isoflop doctor.

FROM node:24-slim AS packed
WORKDIR /clone
COPY package.json package-lock.json .npmrc ./
COPY runtime runtime
RUN npm ci
COPY . .
RUN npm pack --pack-destination /

FROM node:24-slim AS server
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packed /isoflop-*.tgz /
RUN npm init --yes && npm install --ignore-scripts /isoflop-*.tgz
# The page /docs, and the queue of --backend workers.
RUN npm install --ignore-scripts @fastify/swagger-ui@$(node -p "require('isoflop/package.json').peerDependencies['@fastify/swagger-ui']")
RUN npm install --ignore-scripts pg-boss@$(node -p "require('isoflop/package.json').peerDependencies['pg-boss']")
RUN mkdir /data && chown node /data
USER node
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK CMD ["node", "-e", "fetch('http://127.0.0.1:8000/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/node_modules/isoflop/bin/isoflop.js"]
CMD ["serve", "--host", "0.0.0.0"]

FROM server AS worker
USER root
WORKDIR /app
RUN npm install --ignore-scripts onnxruntime-node@$(node -p "require('isoflop/package.json').peerDependencies['onnxruntime-node']")
USER node
WORKDIR /data
# It answers no requests. For trainings behind an API in one container: docker run isoflop-worker serve --host 0.0.0.0 --backend train --corpus /corpus
HEALTHCHECK NONE
CMD ["worker", "--corpus", "/corpus"]
