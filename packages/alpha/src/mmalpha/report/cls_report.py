"""Hook that reports the test of a classifier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from engine.dist import gather_object, get_results_group
from engine.infer import resize_image, to_rgb
from engine.report import FeatureTap, Observation, Pixels, Report, ReportHook, training_features
from mmalpha.registry import HOOKS
from mmalpha.structures import DataSample

from .summary import summarize_labels, summarize_scores

if TYPE_CHECKING:
    from engine.runner import Runner

_SIDE = 224  # pixels, the largest side of an image on the page


@HOOKS.register_module()
class ClsReport(ReportHook):
    """Reports the test of a classifier, of images of one class or of several.

    It says precision, recall and F1 score of each class, which classes are confused, how well the
    probabilities are calibrated, and which images have the highest loss. For images of several
    classes, average precision takes the place of the confusion.

    The scores of all images stay in main memory until the end of the test: 4 bytes for each image
    and class. The temperature is fitted on the images of the test. What it brings is measured
    honestly: each half of the images is scaled by the temperature of the other half.

    Args:
        knn: With how many neighbors to classify each image by the features of the training images,
            which the model then sees as well, with the transforms of the test; None means not to.
            The distance is that of the cosine, and each neighbor has one vote.
        bins: The number of bins of the calibration.
        num_worst: As in `ReportHook`.
        save_predictions: As in `ReportHook`.
        save_features: As in `ReportHook`. They are what the head of the model takes.
        write_report: As in `ReportHook`.

    Raises:
        ValueError: If `knn` or `bins` is not positive, or as in `ReportHook`.
    """

    options: ClassVar[tuple[str, ...]] = (*ReportHook.options, "knn", "bins")

    def __init__(
        self,
        knn: int | None = None,
        bins: int = 15,
        num_worst: int = 24,
        save_predictions: str | None = None,
        save_features: str | None = None,
        write_report: bool = True,
    ) -> None:
        self.knn = knn
        self.bins = bins
        super().__init__(num_worst, save_predictions, save_features, write_report)

    def check(self) -> None:
        """Make sure that the options are right.

        Raises:
            ValueError: If one is wrong.
        """
        super().check()
        if self.knn is not None and self.knn < 1:
            raise ValueError(f"knn is a number of neighbors, at least 1; got {self.knn}")
        if self.bins < 1:
            raise ValueError(f"bins is at least 1; got {self.bins}")
        if self.knn is not None and not self.write_report:
            raise ValueError("knn is a value of the report, which write_report leaves out")

    @property
    def needs_features(self) -> bool:
        """Whether the features of the images are wanted."""
        return self.knn is not None or super().needs_features

    def observe(self, samples: Sequence[DataSample]) -> list[Observation]:
        """Return label, prediction and scores of each image, and how large its loss is.

        Args:
            samples: With `pred_score`, and with `gt_label` or `gt_score` where the truth is known.
        """
        scores = torch.stack([sample.pred_score for sample in samples]).detach().float().cpu()
        return [self._observe(sample, each) for sample, each in zip(samples, scores, strict=True)]

    def draw(self, image: Tensor, sample: DataSample) -> Pixels:
        """Return the image, not larger than the page shows it."""
        longest = max(image.shape[-2:])
        if longest > _SIDE:
            size = [max(1, round(side * _SIDE / longest)) for side in image.shape[-2:]]
            image = resize_image(image, size)
        return np.ascontiguousarray(to_rgb(image))

    def tap(self, model: Any) -> FeatureTap:
        """Return what takes the last features that the head gets."""
        return FeatureTap(model.head, lambda args, _: _last(args[0]))

    def finish(self, runner: Runner) -> None:
        """Take the features of the training images, for k-NN."""
        self._train: tuple[Tensor, Tensor] | None = None
        if self.knn is None:
            return
        assert self.tapped is not None
        batches = training_features(runner, self.tapped)
        pairs = [
            (features, torch.cat([sample.gt_label for sample in samples]).cpu())
            for samples, features in batches
        ]
        own = [torch.cat(each) for each in zip(*pairs, strict=True)]
        if parts := gather_object(own, group=get_results_group()):
            features, labels = (torch.cat(each) for each in zip(*parts, strict=True))
            self._train = features, labels
            if len(labels) < self.knn:
                raise ValueError(f"knn is {self.knn}, but there are {len(labels)} training images")

    def summarize(self, records: Sequence[dict[str, Any]], features: Tensor | None) -> Report:
        """Return tables, pictures and values of all images.

        Args:
            records: As in `ReportHook`.
            features: As in `ReportHook`.
        """
        scores = torch.stack([record["scores"] for record in records])
        if records[0].get("label") is None:
            truth = torch.stack([record["truth"] for record in records])
            return summarize_scores(scores, truth, self.dataset_meta, self.bins)
        labels = torch.tensor([record["label"] for record in records])
        predicted = torch.tensor([record["prediction"] for record in records])
        knn = None
        if self.knn is not None and self._train is not None and features is not None:
            knn = knn_labels(*self._train, features, self.knn) == labels.numpy()
        return summarize_labels(scores, predicted, labels, self.dataset_meta, self.bins, knn)

    def rows(self, records: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield labels and scores of each image, and the names of its classes.

        Args:
            records: As in `ReportHook`.
        """
        for row in super().rows(records):
            scores = row.pop("scores")
            if "label" in row:
                label = row["label"]
                row["true"] = None if label is None else self._name(label)
                row["predicted"] = self._name(row["prediction"])
            yield {**row, "scores": scores}

    def _observe(self, sample: DataSample, scores: Tensor) -> Observation:
        truth = sample.get("gt_score")
        if "gt_label" not in sample and truth is not None:
            return self._observe_several(scores, truth.float().cpu())
        prediction = int(sample.pred_label) if "pred_label" in sample else int(scores.argmax())
        score = float(scores[prediction])
        record = {"label": None, "prediction": prediction, "score": score, "scores": scores}
        facts: dict[str, Any] = {"predicted": self._name(prediction), "score": score}
        if "gt_label" not in sample:
            return Observation(record, None, facts)
        label = int(sample.gt_label)
        own = scores[label]
        facts = {"true": self._name(label), **facts, "score of the true class": float(own)}
        return Observation({**record, "label": label}, -float(own.log()), facts)

    def _observe_several(self, scores: Tensor, truth: Tensor) -> Observation:
        loss = float(functional.binary_cross_entropy(scores, truth))
        there, told = (torch.nonzero(each >= 0.5)[:, 0].tolist() for each in (truth, scores))
        facts: dict[str, Any] = {
            "true": ", ".join(map(self._name, there)),
            "predicted": ", ".join(map(self._name, told)),
            "loss": loss,
        }
        return Observation({"truth": truth, "scores": scores}, loss, facts)

    def _name(self, label: int) -> str:
        classes = self.dataset_meta.get("classes") or ()
        return str(classes[label]) if label < len(classes) else str(label)


def knn_labels(
    train: Tensor, train_labels: Tensor, features: Tensor, neighbors: int
) -> npt.NDArray[np.int64]:
    """Return the class of most of the nearest neighbors of each image.

    Args:
        train: Features of the training images, `(M, D)`.
        train_labels: Their classes, `(M,)`.
        features: Features of the images, `(N, D)`.
        neighbors: How many neighbors count.
    """
    from sklearn.neighbors import KNeighborsClassifier  # deferred: seldom wanted

    classifier = KNeighborsClassifier(neighbors, metric="cosine")
    classifier.fit(train.numpy(), train_labels.numpy())
    labels: npt.NDArray[np.int64] = classifier.predict(features.numpy())
    return labels


def _last(features: Any) -> Tensor:
    last: Tensor = features if isinstance(features, Tensor) else features[-1]
    return last
