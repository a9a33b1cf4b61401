//! Uploads that killed processes have left: a store keeps their parts, and its owner pays for them.
//!
//! S3 lists them. Azure forgets them after a week by itself, and Google after a time that the bucket's owner sets.

use std::collections::HashMap;
use std::time::Duration;

use object_store::aws::AmazonS3;
use object_store::multipart::MultipartStore;
use object_store::path::Path;
use object_store::signer::{SignedUrlOptions, Signer};
use serde::Deserialize;
use ureq::http::Method;

use super::Store;

/// How long a request for the list is valid, and may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Lists of a thousand uploads that are read at most.
const MOST_LISTS: usize = 100;

/// The longest list that is read, in bytes.
const LONGEST: u64 = 16 << 20;

impl Store {
    /// Makes the store forget the uploads that were begun before under these names; how many there were, or `None` if it does not
    /// list them for us.
    pub(crate) fn abort_unfinished<'n>(
        &self,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Option<usize> {
        let s3 = self.s3.as_deref()?;
        let paths: HashMap<_, _> = names
            .into_iter()
            .map(|name| self.at(name))
            .map(|path| (path.to_string(), path))
            .collect();
        let found = self.unfinished(s3)?;
        let ours = found.iter().filter_map(|upload| Some((paths.get(&upload.key)?, upload)));
        let aborted = ours.filter(|(path, upload)| {
            self.runtime.block_on(s3.abort_multipart(path, &upload.upload_id)).is_ok()
        });
        Some(aborted.count())
    }

    fn unfinished(&self, s3: &AmazonS3) -> Option<Vec<Unfinished>> {
        let mut all = Vec::new();
        let mut after = None;
        for _ in 0..MOST_LISTS {
            let mut list = self.list_of_unfinished(s3, after.as_ref())?;
            all.append(&mut list.uploads);
            match (list.is_truncated, list.next_key_marker, list.next_upload_id_marker) {
                (true, Some(key), Some(id)) => after = Some((key, id)),
                _ => break,
            }
        }
        Some(all)
    }

    fn list_of_unfinished(&self, s3: &AmazonS3, after: Option<&(String, String)>) -> Option<List> {
        let mut query = vec![("uploads", String::new()), ("prefix", format!("{}/", self.path))];
        if let Some((key, id)) = after {
            query.extend([("key-marker", key.clone()), ("upload-id-marker", id.clone())]);
        }
        let options = SignedUrlOptions::default().with_query(query);
        let bucket = Path::default();
        let signed = s3.signed_url_opts(Method::GET, &bucket, PATIENCE, &options);
        let url = self.runtime.block_on(signed).ok()?;
        let agent =
            ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build().new_agent();
        let mut answer = agent.get(url.as_str()).call().ok()?;
        let text = answer.body_mut().with_config().limit(LONGEST).read_to_string().ok()?;
        quick_xml::de::from_str(&text).ok()
    }
}

/// The answer of S3 to `GET /?uploads`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    #[serde(default, rename = "Upload")]
    uploads: Vec<Unfinished>,
    #[serde(default)]
    is_truncated: bool,
    next_key_marker: Option<String>,
    next_upload_id_marker: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Unfinished {
    key: String,
    upload_id: String,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read() {
        let text = r#"<?xml version="1.0" encoding="UTF-8"?>
<ListMultipartUploadsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <Bucket>b</Bucket><KeyMarker/><IsTruncated>true</IsTruncated>
  <NextKeyMarker>a&amp;b</NextKeyMarker><NextUploadIdMarker>2</NextUploadIdMarker>
  <Upload><Key>a&amp;b/model.safetensors</Key><UploadId>1</UploadId><Initiator><ID>x</ID></Initiator></Upload>
  <Upload><Key>c</Key><UploadId>2</UploadId></Upload>
</ListMultipartUploadsResult>"#;
        let list: List = quick_xml::de::from_str(text).unwrap();
        assert!(list.is_truncated);
        assert_eq!(list.next_key_marker.as_deref(), Some("a&b"));
        let found: Vec<_> = list.uploads.iter().map(|it| (&*it.key, &*it.upload_id)).collect();
        assert_eq!(found, [("a&b/model.safetensors", "1"), ("c", "2")]);
        let empty = "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>";
        assert!(quick_xml::de::from_str::<List>(empty).unwrap().uploads.is_empty());
    }
}
