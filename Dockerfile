# Builds the program, then keeps only what runs it. The database is outside: set DATABASE_URL and APP_KEY (compose.yaml).
FROM node:24-slim AS build
WORKDIR /rollcall
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY build.ts tsconfig.json ./
COPY src src
COPY views views
COPY static static
COPY migrations migrations
RUN node build.ts

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 MALLOC_ARENA_MAX=2
WORKDIR /rollcall
COPY package.json ./
# The image has its own Node, and its database is a server: nothing embedded comes along.
COPY --from=build /rollcall/node_modules/@node-rs node_modules/@node-rs
COPY --from=build /rollcall/node_modules/sharp node_modules/sharp
COPY --from=build /rollcall/node_modules/@img node_modules/@img
COPY --from=build /rollcall/node_modules/detect-libc node_modules/detect-libc
COPY --from=build /rollcall/node_modules/semver node_modules/semver
COPY --from=build /rollcall/dist dist
RUN mkdir data && chown node:node data
USER node
EXPOSE 3000
VOLUME /rollcall/data
HEALTHCHECK --interval=10s --timeout=3s CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=8", "--heap-growing-percent=60", "dist/main.js"]
