import "../modules/picture-list";
import "../modules/variant-editor";
