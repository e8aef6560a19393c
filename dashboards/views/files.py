"""Files as responses: the parameters of exports, and the headers of a download."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.utils import OpenApiParameter

from dashboards.readers.insight_files import FORMATS, MAX_SIZE, SIZE_MIN, ImageSize, InsightFile, build_insight_file
from dashboards_api.errors import ValidationFailed
from dashboards_api.http.request_options import QueryParametersMixin
from queries.exceptions import QueryError
from queries.refresh import Refresh
from queries.views.errors import convert_query_error
from users.readers import Row

_SIDES = list(zip(ImageSize._fields, SIZE_MIN, MAX_SIZE, ImageSize(), strict=True))
FORMAT = OpenApiParameter(
    "format",
    str,
    enum=FORMATS,
    description="`csv` (default): the result as a table. `svg`, `png`: a chart of the result.",
)
SIZE = [
    OpenApiParameter(
        name, int, description=f"The {name} of an image in pixels: {least:,} to {most:,}. Default: {default:,}."
    )
    for name, least, most, default in _SIDES
]


def get_image_size(view: QueryParametersMixin) -> ImageSize:
    """Return the size of an image from the query string. Raises ValidationFailed for a size beyond the limits."""
    return ImageSize(*(_get_side(view, *side) for side in _SIDES))


def _get_side(view: QueryParametersMixin, name: str, least: int, most: int, default: int) -> int:
    side = view.query_int(name)
    if side is not None and not least <= side <= most:
        raise ValidationFailed(f"This must be from {least} to {most}.", attr=name)
    return default if side is None else side


def build_file_response(insight: Row, format: str, size: ImageSize, refresh: Refresh) -> HttpResponse:
    """Return the result of an insight as a download. Raises the error of its query as an API exception."""
    try:
        file = build_insight_file(insight, format, size, refresh)
    except QueryError as error:
        raise convert_query_error(error) from error
    return build_download(file)


def build_download(file: InsightFile) -> HttpResponse:
    """Return a file as an attachment, so that browsers do not open an image in the origin of this service."""
    response = HttpResponse(file.content, content_type=file.media_type)
    response["Content-Disposition"] = content_disposition_header(True, file.name) or ""
    response["X-Content-Type-Options"] = "nosniff"
    return response
