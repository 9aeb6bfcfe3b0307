"""Train the relevance model: written examples, conf/lexicons ▶ a model folder, unless it is there."""

from __future__ import annotations

import datetime as dt

from entourage import config
from entourage.cli import Context, main
from entourage.models import StoredModel
from entourage.understand import corpus, lexicons, relevance


def run(context: Context, as_of: dt.date) -> None:
    """Train and store the version that corpus, lexicons and code ask for."""
    examples = corpus.read()
    lexicon = lexicons.parse({n: config.read_text(context.config.folder, f"lexicons/{n}.yaml") for n in lexicons.FILES})
    version = relevance.version(examples, lexicon)
    if context.models.exists(relevance.NAME, version):
        context.say(f"model {relevance.NAME} {version}: there already")
        return
    workspace = context.tables.workspace("train_relevance")
    params = relevance.TrainParams()
    model = relevance.train(context.tables.spark, examples, lexicon, params=params, workspace=workspace)
    pipelines = {"rules": model.rules, "classifier": model.classifier}
    context.models.save(StoredModel(relevance.NAME, version, pipelines, model.manifest))
    workspace.clear()
    figures = model.manifest["cross_validation"]
    context.say(f"model {relevance.NAME} {version}: {len(examples):,} examples, cross-validated {figures}")


if __name__ == "__main__":
    main(run)
