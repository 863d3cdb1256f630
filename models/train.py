# SPDX-License-Identifier: Apache-2.0
"""Trains the demo pose network on figures rendered on the fly, and writes demo_pose.onnx again and again.

The first part of the training uses three stages; then the others start as copies of the third.
The learning rate follows the progress, which is counted in steps (--steps) or, to fit a given time, by the clock
(--minutes). Starting the same command again resumes from the checkpoint.
"""

import argparse
import csv
import math
import multiprocessing
import time
from pathlib import Path

import numpy as np

FIRST_STAGES, LAST_STAGES = 3, 6
LOG_STEPS = 50

# TensorFlow is imported where it is needed: the processes that render do without it.


def produce(queue, seed, first, stride, size, batch):
    """Renders batches for ever: (BGR pictures uint8 BxSxSx3, maps float16). Runs in a process of its own."""
    from render import render
    from targets import make_maps
    index = first
    while True:
        pictures, maps = [], []
        for i in range(index, index + batch):
            pixels, people = render(seed, "train", i, size)
            pictures.append(pixels[..., ::-1])
            maps.append(make_maps(people, size).astype(np.float16))
        queue.put((np.stack(pictures), np.stack(maps)))
        index += stride * batch


class Source:
    """Batches from worker processes, in turn, so that their order does not depend on the workers' speed."""

    def __init__(self, seed, index, size, batch, workers):
        self.queues, self.processes, self.turn = [], [], 0
        context = multiprocessing.get_context("spawn")
        for worker in range(workers):
            queue = context.Queue(6)
            first = index + worker * batch
            process = context.Process(target=produce, args=(queue, seed, first, workers, size, batch), daemon=True)
            process.start()
            self.queues.append(queue)
            self.processes.append(process)

    def next(self):
        """The next batch."""
        batch = self.queues[self.turn].get()
        self.turn = (self.turn + 1) % len(self.queues)
        return batch

    def close(self):
        """Ends the workers."""
        for process in self.processes:
            process.terminate()


def learning_rate(progress, peak):
    """Warm-up over the first 4 %, then half a cosine down to almost nothing."""
    warm = 0.04
    if progress < warm:
        return peak * (0.05 + 0.95 * progress / warm)
    return peak * (0.005 + 0.995 * 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - warm) / (1 - warm)))))


class Trainer:
    """A model of some stages, its optimiser and the running mean of its weights."""

    def __init__(self, stages, values=None, mean=None):
        import keras
        import tensorflow as tf

        import network
        self.tf, self.network, self.stages = tf, network, stages
        self.model = network.build(stages)
        if values:
            network.load_parameters(self.model, mean)
            self.mean = [tf.Variable(w, trainable=False) for w in self.model.weights]
            network.load_parameters(self.model, values)
        else:
            self.mean = [tf.Variable(w, trainable=False) for w in self.model.weights]
        self.optimiser = keras.optimizers.AdamW(1e-3, weight_decay=0.01, beta_2=0.99, global_clipnorm=5.0)
        self.optimiser.build(self.model.trainable_variables)
        self.step = tf.function(self._step)

    def loss(self, outputs, maps):
        """Squared errors, those where something is to be found weighing more; the last stage's own, and all stages'."""
        tf = self.tf
        heat, paf = maps[..., :18], maps[..., 19:]
        limb = tf.square(paf[..., 0::2]) + tf.square(paf[..., 1::2])
        weight = tf.concat(
            [1 + 5 * heat, tf.ones_like(heat[..., :1]), tf.repeat(0.6 + 1.4 * limb, 2, -1)], -1)
        losses = []
        for output in outputs:
            error = tf.square(output / self.network.MAP_SCALE - maps)
            losses.append(tf.reduce_mean(tf.reduce_sum(weight * error, -1)))
        return losses[-1], tf.add_n(losses)

    def _step(self, pictures, maps, decay):
        tf = self.tf
        with tf.GradientTape() as tape:
            outputs = self.model(tf.cast(pictures, tf.float32), training=True)
            last, loss = self.loss(outputs, tf.cast(maps, tf.float32))
        variables = self.model.trainable_variables
        self.optimiser.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        for mean, weight in zip(self.mean, self.model.weights, strict=True):
            mean.assign(decay * mean + (1 - decay) * tf.convert_to_tensor(weight))
        return last, loss

    def values(self):
        """Weights by name, and their running means."""
        now = self.network.parameters(self.model)
        return now, {name: mean.numpy() for name, mean in zip(now, self.mean, strict=True)}


def save(path, trainer, state):
    """Writes everything that a resumed run needs, at once."""
    now, mean = trainer.values()
    arrays = {f"now:{k}": v for k, v in now.items()} | {f"mean:{k}": v for k, v in mean.items()}
    arrays |= {f"optimiser:{i}": v.numpy() for i, v in enumerate(trainer.optimiser.variables)}
    arrays["state"] = np.array([state["step"], state["images"], state["progress"], trainer.stages])
    partial = path.with_name("partial.npz")
    np.savez(partial, **arrays)
    partial.replace(path)


def restore(path):
    """(trainer, state) from a checkpoint."""
    with np.load(path) as file:
        arrays = dict(file)
    step, images, progress, stages = arrays["state"]

    def pick(prefix):
        return {k.split(":", 1)[1]: v for k, v in arrays.items() if k.startswith(prefix + ":")}

    trainer = Trainer(int(stages), pick("now"), pick("mean"))
    for i, variable in enumerate(trainer.optimiser.variables):
        variable.assign(arrays[f"optimiser:{i}"])
    return trainer, {"step": int(step), "images": int(images), "progress": float(progress)}


class Run:
    """A training from its start or its checkpoint to its end. state: steps, images and progress so far."""

    def __init__(self, arguments):
        from evaluate import require_program
        require_program()
        self.a, self.checkpoint = arguments, arguments.work / "checkpoint.npz"
        arguments.work.mkdir(parents=True, exist_ok=True)
        if self.checkpoint.exists():
            self.trainer, self.state = restore(self.checkpoint)
        else:
            import keras
            keras.utils.set_random_seed(arguments.seed)
            self.trainer, self.state = Trainer(FIRST_STAGES), {"step": 0, "images": 0, "progress": 0.0}
        self.start, self.first_progress = time.time(), self.state["progress"]
        self.since = 0  # steps since the optimiser started
        self._open_source()

    def _open_source(self):
        self.source = Source(self.a.seed, self.state["images"], self.a.size, self.a.batch, self.a.workers)

    def log(self, kind, *values):
        """One row: kind, steps, images, progress, minutes of this run, values."""
        s, minutes = self.state, (time.time() - self.start) / 60
        row = [kind, s["step"], s["images"], f"{s['progress']:.4f}", f"{minutes:.2f}", *values]
        with open(self.a.work / "log.csv", "a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow(row)

    def export(self):
        """Writes the ONNX file from the running means, and its share of right joints to the log."""
        from evaluate import evaluate
        from export import write_onnx
        write_onnx(self.trainer.values()[1], self.a.out, self.trainer.stages)
        self.log("validation", f"{evaluate(self.a.out):.4f}")

    def grow(self):
        """Goes on with all stages."""
        self.trainer = Trainer(LAST_STAGES, *self.trainer.values())
        self.source.close()
        self._open_source()
        self.since = 0

    def advance(self):
        """One step; gives the last stage's loss, the loss of all stages and the learning rate."""
        state, trainer = self.state, self.trainer
        rate = learning_rate(state["progress"], self.a.rate) * min(1, (self.since + 1) / 60)
        trainer.optimiser.learning_rate = rate
        pictures, maps = self.source.next()
        decay = min(0.997, (1 + state["step"]) / (10 + state["step"]))
        losses = trainer.step(pictures, maps, trainer.tf.constant(decay, trainer.tf.float32))
        state["step"], state["images"] = state["step"] + 1, state["images"] + len(pictures)
        self.since += 1
        if self.a.steps:
            state["progress"] = state["step"] / self.a.steps
        else:
            elapsed = (time.time() - self.start) / (60 * self.a.minutes)
            state["progress"] = self.first_progress + (1 - self.first_progress) * elapsed
        return float(losses[0]), float(losses[1]), rate

    def train(self):
        """Everything."""
        a, sums, summed = self.a, np.zeros(2), 0
        saved = exported = time.time()
        while self.state["progress"] < 1:
            if self.state["progress"] >= a.grow and self.trainer.stages == FIRST_STAGES:
                self.grow()
            *losses, rate = self.advance()
            sums, summed = sums + losses, summed + 1
            if self.state["step"] % LOG_STEPS == 0:
                self.log("loss", *(f"{v / summed:.4f}" for v in sums), f"{rate:.2e}", self.trainer.stages)
                sums, summed = np.zeros(2), 0
            if time.time() - saved > 60 * a.save_minutes:
                save(self.checkpoint, self.trainer, self.state)
                saved = time.time()
            if time.time() - exported > 60 * a.export_minutes:
                self.export()
                exported = time.time()
        save(self.checkpoint, self.trainer, self.state)
        self.export()
        self.source.close()


def main():
    """Command line."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for the checkpoint and log.csv")
    parser.add_argument("--out", type=Path, default=here / "demo_pose.onnx")
    parser.add_argument("--steps", type=int, default=0, help="length in steps; 0: by the clock")
    parser.add_argument("--minutes", type=float, default=110, help="length of this run by the clock")
    parser.add_argument("--grow", type=float, default=0.5, help="progress at which six stages begin")
    parser.add_argument("--size", type=int, default=160, help="side of the pictures: smaller than in use, for speed")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=2.5e-3, help="peak of the learning rate")
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--workers", type=int, default=1, help="processes that render")
    parser.add_argument("--threads", type=int, default=2, help="threads for the arithmetic")
    parser.add_argument("--save-minutes", type=float, default=4)
    parser.add_argument("--export-minutes", type=float, default=20)
    Run(parser.parse_args()).train()


if __name__ == "__main__":
    main()
