"""The same training API as a FastAPI + SQLAlchemy + PostgreSQL server, for the benchmark to compare with.

    DATABASE_URL=postgresql+psycopg2://user:password@host/db python3 scripts/reference/peer_server.py --port 8001 [--workers 2]

Written the way such servers usually are: pydantic validation by FastAPI, one session a request from a pool of 16 connections, the
key's row locked while its budget is checked, one commit a query. Equal queries are free. The loss is a formula, as cheap as can be, so
that only the service is measured. The key is "bench". It makes its tables itself and empties them at the start.
"""
import argparse
import os
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Query
from fastapi.responses import JSONResponse
from sqlalchemy import BigInteger, Float, Integer, String, UniqueConstraint, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

BUDGETS = {int(float(f"{m}e{e}")) for e in (13, 14, 15, 16, 17) for m in (1, 3, 6)} | {10**18}


class Base(DeclarativeBase):
    pass


class Key(Base):
    __tablename__ = "peer_keys"
    key: Mapped[str] = mapped_column(String, primary_key=True)
    budget: Mapped[int] = mapped_column(BigInteger)
    used: Mapped[int] = mapped_column(BigInteger, default=0)


class Run(Base):
    __tablename__ = "peer_runs"
    __table_args__ = (UniqueConstraint("key", "d_model", "num_layers", "num_heads", "batch_size", "learning_rate", "train_flops"),)
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    key: Mapped[str] = mapped_column(String)
    d_model: Mapped[int] = mapped_column(Integer)
    num_layers: Mapped[int] = mapped_column(Integer)
    num_heads: Mapped[int] = mapped_column(Integer)
    batch_size: Mapped[int] = mapped_column(Integer)
    learning_rate: Mapped[float] = mapped_column(Float(53))
    train_flops: Mapped[int] = mapped_column(BigInteger)
    loss: Mapped[float] = mapped_column(Float(53))


engine = create_engine(os.environ["DATABASE_URL"], pool_size=16, max_overflow=0)
app = FastAPI()


def message(status, words):
    return JSONResponse({"message": words}, status_code=status)


@app.get("/healthz")
def healthz():
    return {"status": "ok"}


@app.get("/loss")
def loss(
    d_model: Annotated[int, Query(ge=64, le=1024)],
    num_layers: Annotated[int, Query(ge=2, le=24)],
    num_heads: Annotated[int, Query(ge=2, le=16)],
    batch_size: int,
    learning_rate: Annotated[float, Query(ge=1e-4, le=1e-3)],
    train_flops: int,
    api_key: str,
):
    if train_flops not in BUDGETS or batch_size not in (128, 256):
        return message(404, "out of range")
    config = dict(
        d_model=d_model, num_layers=num_layers, num_heads=num_heads,
        batch_size=batch_size, learning_rate=learning_rate, train_flops=train_flops,
    )
    with Session(engine) as session:
        owner = session.execute(select(Key).where(Key.key == api_key).with_for_update()).scalar_one_or_none()
        if owner is None:
            return message(422, f"Invalid API key provided: {api_key}")
        known = session.execute(select(Run).filter_by(key=api_key, **config)).scalar_one_or_none()
        if known is not None:
            return {"loss": known.loss, "total_flops_used": owner.used}
        if owner.used + train_flops > owner.budget:
            return message(403, "over budget")
        size = 12 * num_layers * d_model**2
        value = 2.0 + 400 / size**0.34 + 1000 / (train_flops / (6 * size)) ** 0.3
        owner.used += train_flops
        session.add(Run(key=api_key, loss=value, **config))
        session.commit()
        return {"loss": value, "total_flops_used": owner.used}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Key(key="bench", budget=9 * 10**18))
        session.commit()
    engine.dispose()
    uvicorn.run("peer_server:app", port=arguments.port, workers=arguments.workers, log_level="warning", access_log=False)
